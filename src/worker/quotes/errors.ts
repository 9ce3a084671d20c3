/** Each way in which a machine can fail to give a quote that the chain takes, with its cure. docs/operate-worker.md lists them. */
export const QUOTE_TROUBLES = {
  tsm_missing:
    'Run in a TD with Linux 6.7 or newer, load tdx_guest and mount configfs: modprobe tdx_guest; mount -t configfs none /sys/kernel/config.',
  tsm_no_provider: 'Load the driver of this TEE: modprobe tdx_guest. It is there in a TD only.',
  tsm_forbidden: 'Run as root, or give this user the folder: only root may make entries in configfs.',
  tsm_busy:
    'Another quote is under way, or an earlier one was never answered: wait, then restart the quote generation service of the host.',
  tsm_generation: 'Some other process writes into this entry: let each process use an entry of its own.',
  tsm_wrong_provider: 'Run in an Intel TD: quotes of other TEEs are not taken.',
  tsm_timeout: "The host did not answer: check its quote generation service, and the TD's vsock to it.",
  tsm_refused:
    "The host's quote generation service failed: its log says why (often a missing PCK certificate).",
  tsm_failed: 'Read the cause, and the kernel log (dmesg).',
  quote_short: 'The host answered with less than a quote: check its quote generation service.',
  quote_oversized: 'The host answered with more than any quote has: check its quote generation service.',
  quote_malformed: 'Check that the host runs a quote generation service for TDX of version 4 or 5.',
  quote_foreign: 'Some other process uses this entry, or the host answered another question: try again.',
  quote_late: 'The kernel still waits for the host: check its quote generation service.',
  clock_apart: 'Set the clock (NTP), or choose an endpoint that follows the chain.',
  root_mismatch:
    'Name the source that fits the registry: tdx for a registry under the root of Intel, simulated for a simulated one.',
} as const satisfies Record<string, string>;

export type QuoteTrouble = keyof typeof QUOTE_TROUBLES;

/** A quote could not be had; `remedy` is one line that tells the operator what to do. */
export class QuoteSourceError extends Error {
  override readonly name = 'QuoteSourceError';
  readonly code: QuoteTrouble;
  readonly remedy: string;

  constructor(code: QuoteTrouble, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.remedy = QUOTE_TROUBLES[code];
  }
}
