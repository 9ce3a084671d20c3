import type { Machine, Ran } from '../../../src/cli/doctor/machine';

/** Machines for the doctor, described by what they answer. */
export interface Described {
  kernel?: string;
  platform?: string;
  node?: string;
  files?: Record<string, string>;
  folders?: Record<string, 'writable' | 'denied'>;
  /** Output of a program by its name; a number is its exit code without output. */
  programs?: Record<string, string | { code: number; output: string }>;
  takenPorts?: number[];
  freeBytes?: number | null;
  /** Seconds that the machine's clock is ahead of the last block; null: the chain does not answer. */
  clockOffset?: number | null;
  quote?: Machine['quote'];
}

export const NOW = 1_764_000_000;

export function machineOf(described: Described): Machine {
  const { clockOffset = 2 } = described;
  return {
    platform: described.platform ?? 'linux',
    kernelRelease: described.kernel ?? '6.16.3',
    nodeVersion: described.node ?? '20.19.0',
    now: () => NOW,
    read: (path) => described.files?.[path] ?? null,
    access: (path) => described.folders?.[path] ?? 'absent',
    run: async (program): Promise<Ran> => {
      const answer = described.programs?.[program];
      if (answer === undefined) return { outcome: 'absent' };
      return { outcome: 'ended', ...(typeof answer === 'string' ? { code: 0, output: answer } : answer) };
    },
    isPortFree: async (port) => !described.takenPorts?.includes(port),
    freeBytes: () => (described.freeBytes === undefined ? 20 * 2 ** 30 : described.freeBytes),
    blockTime: async () => {
      if (clockOffset === null) throw new Error('connection refused');
      return NOW - clockOffset;
    },
    quote: described.quote ?? (() => Promise.reject(new Error('no quote source'))),
    after: () => new Promise(() => undefined),
  };
}

export const GPU_READY = `
==============NVSMI CONF-COMPUTE LOG==============

    CC State                   : ON
    Multi-GPU Mode             : None
    CPU CC Capabilities        : INTEL TDX
    GPU CC Capabilities        : CC Capable
    CC GPUs Ready State        : Ready
`;

/** A host that starts TDs: firmware, KVM, QEMU and the quoting service are as they must be. */
export const GOOD_HOST: Described = {
  files: {
    '/proc/cpuinfo': 'processor\t: 0\nflags\t\t: fpu vme tdx_host_platform sgx\n',
    '/sys/module/kvm_intel/parameters/tdx': 'Y\n',
  },
  programs: {
    'qemu-system-x86_64':
      'QEMU emulator version 10.1.2 (Debian 1:10.1.2+ds-1)\nCopyright (c) 2003-2025 Fabrice Bellard\n',
    systemctl: 'active\n',
  },
};

export const GOOD_GUEST: Described = {
  files: {
    '/proc/cpuinfo': 'processor\t: 0\nflags\t\t: fpu vme hypervisor tdx_guest\n',
    '/proc/mounts': 'proc /proc proc rw 0 0\nconfigfs /sys/kernel/config configfs rw,nosuid 0 0\n',
  },
  folders: { '/sys/kernel/config/tsm/report': 'writable' },
  programs: { 'nvidia-smi': GPU_READY },
};
