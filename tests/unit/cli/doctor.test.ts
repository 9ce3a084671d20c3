import { runDoctor, type DoctorFlags } from '../../../src/cli/doctor/command';
import { examine } from '../../../src/cli/doctor/examine';
import type { Check, Finding, Level, Settings } from '../../../src/cli/doctor/finding';
import { sideOf } from '../../../src/cli/doctor/tdx';
import { isAtLeast, versionIn } from '../../../src/cli/doctor/version';
import { COLUMNS, type Console } from '../../../src/cli/console';
import { GOOD_GUEST, GOOD_HOST, GPU_READY, machineOf, type Described } from './machines';

const ENDPOINT = 'http://chain.invalid/api/v2/jsonRPC';
const SETTINGS: Settings = {
  side: 'host',
  endpoint: ENDPOINT,
  apiKey: null,
  ports: [9464],
  stateDir: '/run/cocoon',
  qemu: 'qemu-system-x86_64',
};
const FLAGS: DoctorFlags = { port: [9464], qemu: 'qemu-system-x86_64', json: false, endpoint: ENDPOINT };

async function found(name: string, described: Described, settings: Partial<Settings> = {}): Promise<Finding> {
  const machine = machineOf(described);
  const findings = await examine(machine, { ...SETTINGS, side: sideOf(machine), ...settings });
  return findings.find((finding) => finding.name === name)!;
}

const merged = (base: Described, change: Described): Described => ({
  ...base,
  ...change,
  files: { ...base.files, ...change.files },
  programs: { ...base.programs, ...change.programs },
});

function collecting(): Console & { text: string } {
  return {
    text: '',
    colours: false,
    write(text) {
      this.text += text;
    },
  };
}

test('doctor finds nothing to mend on a good host', async () => {
  const to = collecting();
  expect(await runDoctor(FLAGS, machineOf(GOOD_HOST), to)).toBe(0);
  expect(to.text).toContain('0 to look at, 0 to mend');
});

test('doctor looks at a TD as a guest, and at every other machine as a host', () => {
  expect(sideOf(machineOf(GOOD_GUEST))).toBe('guest');
  expect(sideOf(machineOf(GOOD_HOST))).toBe('host');
  expect(sideOf(machineOf({}))).toBe('host');
});

test.each<[name: string, why: string, base: Described, change: Described, level: Level, seen: string]>([
  ['kernel', 'that is not Linux', GOOD_HOST, { platform: 'darwin' }, 'fail', 'darwin'],
  [
    'kernel',
    'of a host older than 6.16',
    merged(GOOD_HOST, { files: { '/sys/module/kvm_intel/parameters/tdx': 'N' } }),
    { kernel: '6.9.1' },
    'fail',
    'older than 6.16',
  ],
  ['kernel', 'with TDX patched in', GOOD_HOST, { kernel: '6.8.0-intel' }, 'warn', 'patched in'],
  ['kernel', 'of a guest older than 6.7', GOOD_GUEST, { kernel: '6.6.30' }, 'fail', 'older than 6.7'],
  ['kernel', 'of a guest at 6.7', GOOD_GUEST, { kernel: '6.7.0' }, 'warn', 'older than 6.16'],
  ['kernel', 'without a version', GOOD_HOST, { kernel: 'custom' }, 'warn', 'names no version'],
  [
    'tdx',
    'that the firmware hides',
    GOOD_HOST,
    { files: { '/proc/cpuinfo': 'flags : fpu sgx\n' } },
    'fail',
    'tdx_host_platform',
  ],
  [
    'tdx',
    'off in KVM',
    GOOD_HOST,
    { files: { '/sys/module/kvm_intel/parameters/tdx': 'N\n' } },
    'fail',
    'without TDX',
  ],
  [
    'tdx',
    'unknown to KVM',
    GOOD_HOST,
    { files: { '/sys/module/kvm_intel/parameters/tdx': undefined as never } },
    'fail',
    'not loaded',
  ],
  [
    'configfs',
    'that is not mounted',
    GOOD_GUEST,
    { files: { '/proc/mounts': 'proc /proc proc rw 0 0\n' } },
    'fail',
    'not mounted',
  ],
  ['configfs', 'without the module', GOOD_GUEST, { folders: {} }, 'fail', 'is not there'],
  [
    'configfs',
    'for another user',
    GOOD_GUEST,
    { folders: { '/sys/kernel/config/tsm/report': 'denied' } },
    'fail',
    'not writable',
  ],
  [
    'quote',
    'that does not come',
    GOOD_GUEST,
    { quote: () => Promise.reject(new Error('busy')) },
    'fail',
    'busy',
  ],
  ['quote', 'that is none', GOOD_GUEST, { quote: async () => new Uint8Array(5_006) }, 'fail', 'version 0'],
  [
    'qemu',
    'that is absent',
    GOOD_HOST,
    { programs: { 'qemu-system-x86_64': undefined as never } },
    'fail',
    'not installed',
  ],
  [
    'qemu',
    'that is too old',
    GOOD_HOST,
    { programs: { 'qemu-system-x86_64': 'QEMU emulator version 10.0.6\n' } },
    'fail',
    '10.0.6',
  ],
  [
    'qemu',
    'that answers strangely',
    GOOD_HOST,
    { programs: { 'qemu-system-x86_64': 'hello\n' } },
    'warn',
    'hello',
  ],
  [
    'quoting service',
    'that is stopped',
    GOOD_HOST,
    { programs: { systemctl: { code: 3, output: 'inactive\n' } } },
    'warn',
    'inactive',
  ],
  [
    'gpu',
    'without a driver in the TD',
    GOOD_GUEST,
    { programs: { 'nvidia-smi': undefined as never } },
    'warn',
    'no nvidia-smi',
  ],
  [
    'gpu',
    'that the driver does not find',
    GOOD_GUEST,
    { programs: { 'nvidia-smi': { code: 9, output: 'No devices were found' } } },
    'fail',
    'No devices',
  ],
  [
    'gpu',
    'with the mode off',
    GOOD_GUEST,
    { programs: { 'nvidia-smi': GPU_READY.replace(': ON', ': OFF') } },
    'fail',
    'CC OFF',
  ],
  [
    'gpu',
    'with the mode off on a host',
    GOOD_HOST,
    { programs: { 'nvidia-smi': GPU_READY.replace(': ON', ': OFF') } },
    'warn',
    'CC OFF',
  ],
  [
    'gpu',
    'with development tools on',
    GOOD_GUEST,
    { programs: { 'nvidia-smi': `${GPU_READY}    DevTools Mode : ON\n` } },
    'fail',
    'development tools',
  ],
  [
    'gpu',
    'that waits to be set ready',
    GOOD_GUEST,
    { programs: { 'nvidia-smi': GPU_READY.replace(': Ready', ': Not Ready') } },
    'warn',
    'Not Ready',
  ],
  [
    'gpu',
    'of an old driver',
    GOOD_GUEST,
    { programs: { 'nvidia-smi': 'Usage: nvidia-smi\n' } },
    'warn',
    'no CC state',
  ],
  ['chain', 'that does not answer', GOOD_HOST, { clockOffset: null }, 'fail', 'connection refused'],
  ['clock', 'that cannot be compared', GOOD_HOST, { clockOffset: null }, 'warn', 'not compared'],
  ['clock', 'a little ahead', GOOD_HOST, { clockOffset: 11 }, 'warn', '11 s ahead'],
  ['clock', 'far behind', GOOD_HOST, { clockOffset: -61 }, 'fail', '61 s behind'],
  ['ports', 'that are taken', GOOD_HOST, { takenPorts: [9464] }, 'fail', '9464 taken'],
  ['disk', 'that is nearly full', GOOD_HOST, { freeBytes: 2 ** 30 - 1 }, 'warn', '1.0 GiB'],
  ['disk', 'that is full', GOOD_HOST, { freeBytes: 100 * 2 ** 20 - 1 }, 'fail', '0.1 GiB'],
  ['disk', 'without the folder', GOOD_HOST, { freeBytes: null }, 'warn', 'not there'],
  ['node', 'that is too old', GOOD_HOST, { node: '20.18.3' }, 'fail', '20.18.3'],
])('doctor sees a %s %s', async (name, _, base, change, level, seen) => {
  const finding = await found(name, merged(base, change));
  expect(finding).toMatchObject({ level, seen: expect.stringContaining(seen) });
  expect(finding.fix).toMatch(/^[A-Z].{10,}/);
});

test.each(['kernel', 'tdx', 'configfs', 'gpu', 'chain', 'clock', 'ports', 'disk', 'node'])(
  'doctor has nothing to say of the %s of a good TD',
  async (name) => {
    expect(await found(name, GOOD_GUEST)).toMatchObject({ level: 'ok', fix: null });
  },
);

test('doctor takes Protected PCIe for a confidential mode: it reports CC OFF', async () => {
  const report = GPU_READY.replace(': ON', ': OFF').replace('None', 'Protected PCIe');
  expect(await found('gpu', merged(GOOD_GUEST, { programs: { 'nvidia-smi': report } }))).toMatchObject({
    level: 'ok',
  });
});

test('doctor asks neither chain nor clock without an endpoint, and says so', async () => {
  expect(await found('chain', GOOD_HOST, { endpoint: null })).toMatchObject({
    level: 'warn',
    seen: 'not asked',
  });
  expect(await found('clock', GOOD_HOST, { endpoint: null })).toMatchObject({ level: 'warn' });
});

test('doctor gives up a check that hangs, and reports one that throws', async () => {
  const machine = { ...machineOf(GOOD_HOST), after: () => Promise.resolve() };
  const hanging: Check = { name: 'hanging', sides: ['host'], look: () => new Promise(() => undefined) };
  const throwing: Check = { name: 'throwing', sides: ['host'], look: () => Promise.reject(new Error('odd')) };
  const findings = await examine(machine, SETTINGS, [hanging, throwing]);
  expect(findings).toMatchObject([
    { level: 'fail', seen: 'no answer within 15 s' },
    { level: 'fail', seen: 'Error: odd' },
  ]);
});

test('doctor prints at most a hundred columns, each remedy under its line, and answers 1', async () => {
  const to = collecting();
  const bad = merged(GOOD_HOST, {
    programs: { systemctl: undefined as never },
    takenPorts: [9464],
    kernel: '5.15.0',
  });
  expect(await runDoctor(FLAGS, machineOf(bad), to)).toBe(1);
  expect(Math.max(...to.text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(COLUMNS);
  expect(to.text).toMatch(/^fail {2}ports {12}9464 taken on 127\.0\.0\.1\n +-> Stop what listens there/m);
  expect(to.text).not.toContain('\u001b');
});

test('doctor colours what a terminal shows', async () => {
  const to = { ...collecting(), colours: true };
  await runDoctor(FLAGS, machineOf(GOOD_HOST), to);
  expect(to.text).toContain('\u001b[32mok  \u001b[0m');
});

test('doctor prints one JSON object for programs', async () => {
  const to = collecting();
  expect(await runDoctor({ ...FLAGS, json: true }, machineOf({}), to)).toBe(1);
  const report = JSON.parse(to.text) as { ok: boolean; side: string; checks: Finding[] };
  expect(report).toMatchObject({ ok: false, side: 'host' });
  expect(report.checks.map(({ name }) => name)).toContain('tdx');
});

test('doctor compares versions as numbers', () => {
  expect(versionIn('6.16.3-1-amd64')).toEqual({ major: 6, minor: 16 });
  expect(isAtLeast({ major: 6, minor: 16 }, 6, 7)).toBe(true);
  expect(isAtLeast({ major: 6, minor: 6 }, 6, 7)).toBe(false);
  expect(isAtLeast({ major: 7, minor: 0 }, 6, 16)).toBe(true);
  expect(isAtLeast({ major: 10, minor: 0 }, 10, 1)).toBe(false);
});
