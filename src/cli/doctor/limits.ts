/** Bounds of the examination. */
export const DOCTOR_LIMITS = {
  /** One check; a quote takes a second where the host's quoting service is slow. */
  checkMs: 15_000,
  /** One request to the chain, of two. */
  requestMs: 5_000,
  /** What is read of a file or of a program's output. */
  textBytes: 1_048_576,
  /** Block time against the machine's clock: blocks are seconds old when they are read. */
  clockWarnSeconds: 10,
  /** The programs take no jobs beyond this. */
  clockFailSeconds: 60,
  diskWarnBytes: 1_073_741_824,
  diskFailBytes: 104_857_600,
  portsMax: 64,
} as const;
