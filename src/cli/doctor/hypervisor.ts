import { fail, ok, warn, type Check, type Verdict } from './finding';
import { isAtLeast, versionIn } from './version';

/** QEMU starts TDs since 10.1. */
export const qemuCheck: Check = {
  name: 'qemu',
  sides: ['host'],
  async look(machine, { qemu }) {
    const ran = await machine.run(qemu, ['--version']);
    if (ran.outcome === 'absent')
      return fail(`${qemu} is not installed`, 'Install QEMU 10.1 or newer, or name it with --qemu.');
    const line = ran.output.split('\n')[0]!.slice(0, 120);
    const version = versionIn(line);
    if (version === null)
      return warn(`${qemu} answers: ${line}`, 'Look at its version yourself: 10.1 or newer is needed.');
    if (!isAtLeast(version, 10, 1))
      return fail(line, 'Install QEMU 10.1 or newer: the first that starts TDs.');
    return ok(line);
  },
};

/** `nvidia-smi conf-compute -q`: what the driver says of confidential computing. */
export const gpuCheck: Check = {
  name: 'gpu',
  sides: ['host', 'guest'],
  async look(machine, { side }) {
    const ran = await machine.run('nvidia-smi', ['conf-compute', '-q']);
    if (ran.outcome === 'absent') {
      return side === 'host'
        ? ok('no nvidia-smi here: right when the GPU is handed to the TD')
        : warn(
            'no nvidia-smi in this TD',
            'Build the image with the NVIDIA driver, or serve models that need no GPU.',
          );
    }
    if (ran.code !== 0) {
      const line = ran.output.trim().split('\n')[0] ?? '';
      return fail(
        `nvidia-smi: ${line.slice(0, 160)}`,
        'Check that the GPU is passed through and the driver is loaded.',
      );
    }
    return confidentialMode(ran.output, side === 'host');
  },
};

function confidentialMode(report: string, onHost: boolean): Verdict {
  const value = (label: string): string | null =>
    new RegExp(`^\\s*${label}\\s*:\\s*(.+?)\\s*$`, 'mi').exec(report)?.[1] ?? null;
  const state = value('CC State');
  const multi = value('Multi-GPU Mode');
  const ready = value('CC GPUs Ready State');
  const protectedPcie = /protected pcie/i.test(multi ?? '');
  const seen = `CC ${state ?? 'unknown'}, multi-GPU ${multi ?? 'unknown'}, ${ready ?? 'readiness unknown'}`;
  if (state === null)
    return warn(
      'the driver reports no CC state',
      'Install a driver with confidential computing (550 or newer).',
    );
  if (!/^on$/i.test(state) && !protectedPcie) {
    const fix =
      "Switch the mode on, on the host: NVIDIA's gpu-admin-tools, --set-cc-mode=on --reset-after-cc-mode-switch.";
    return onHost ? warn(seen, fix) : fail(seen, fix);
  }
  if (/^on$/i.test(value('DevTools Mode') ?? ''))
    return fail(
      `${seen}, development tools on`,
      'Set the mode to on, not devtools: devtools leaves GPU memory open to the host.',
    );
  if (!/^ready$/i.test(ready ?? ''))
    return warn(seen, 'After the GPU is attested, set it ready: nvidia-smi conf-compute -srs 1.');
  return ok(seen);
}
