import type { Machine } from './machine';
import { fail, ok, warn, type Check, type Settings, type Side, type Verdict } from './finding';
import { isAtLeast, versionIn } from './version';

const CPU_INFO = '/proc/cpuinfo';
const KVM_TDX = '/sys/module/kvm_intel/parameters/tdx';

/** A TD shows the flag `tdx_guest`; every other machine is looked at as a host. */
export function sideOf(machine: Machine): Side {
  return hasFlag(machine, 'tdx_guest') ? 'guest' : 'host';
}

/** Hosts need KVM's TDX, mainline since Linux 6.16; guests need configfs-tsm, since 6.7. */
export const kernelCheck: Check = {
  name: 'kernel',
  sides: ['host', 'guest'],
  async look(machine, { side }) {
    if (machine.platform !== 'linux')
      return fail(machine.platform, 'TDX is supported on Linux: run this there.');
    const version = versionIn(machine.kernelRelease);
    if (version === null)
      return warn(`${machine.kernelRelease}, which names no version`, 'Look at uname -r yourself.');
    const seen = `Linux ${machine.kernelRelease}`;
    return side === 'host' ? hostKernel(seen, machine, version) : guestKernel(seen, version);
  },
};

function hostKernel(seen: string, machine: Machine, version: { major: number; minor: number }): Verdict {
  if (isAtLeast(version, 6, 16)) return ok(seen);
  if (isOn(machine.read(KVM_TDX)))
    return warn(`${seen}, with TDX patched in`, 'TDX is part of Linux since 6.16: plan to move to it.');
  return fail(`${seen}, older than 6.16`, 'Install Linux 6.16 or newer: the first with TDX in KVM.');
}

function guestKernel(seen: string, version: { major: number; minor: number }): Verdict {
  if (isAtLeast(version, 6, 16)) return ok(seen);
  if (isAtLeast(version, 6, 7))
    return warn(
      `${seen}, older than 6.16`,
      'Quotes work; build the image with 6.16 or newer to see the measurement registers in sysfs.',
    );
  return fail(
    `${seen}, older than 6.7`,
    'Build the image with Linux 6.16 or newer: 6.7 is the first that gives quotes.',
  );
}

/** Whether TDX is switched on, and if not, at which of its three switches. */
export const tdxCheck: Check = {
  name: 'tdx',
  sides: ['host', 'guest'],
  look: async (machine, { side }: Settings) => (side === 'guest' ? guestTdx(machine) : hostTdx(machine)),
};

function guestTdx(machine: Machine): Verdict {
  if (!hasFlag(machine, 'tdx_guest'))
    return fail(
      'the processor shows no tdx_guest',
      'This is no TD: start the image with confidential-guest-support=tdx.',
    );
  return ok('this is a TD (tdx_guest)');
}

function hostTdx(machine: Machine): Verdict {
  if (!hasFlag(machine, 'tdx_host_platform')) {
    return fail(
      'the processor shows no tdx_host_platform',
      'In the firmware setup enable TME, TME-MT, TDX and the SEAM loader, with at least one TDX key; it needs a 5th generation Xeon, or a 4th with TDX.',
    );
  }
  const parameter = machine.read(KVM_TDX);
  if (parameter === null)
    return fail(
      'kvm_intel is not loaded, or has no TDX',
      'Load kvm_intel, from a kernel with CONFIG_KVM_INTEL_TDX=y.',
    );
  if (!isOn(parameter))
    return fail(
      'kvm_intel runs without TDX',
      'Boot with kvm_intel.tdx=1, and look for virt/tdx in the kernel log.',
    );
  return ok('kvm_intel runs with TDX');
}

function isOn(parameter: string | null): boolean {
  return parameter !== null && /^[Yy1]/.test(parameter);
}

function hasFlag(machine: Machine, flag: string): boolean {
  return new RegExp(`^flags\\s*:.*\\b${flag}\\b`, 'm').test(machine.read(CPU_INFO) ?? '');
}
