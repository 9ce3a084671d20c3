/** The moments of a client at which the drill ends its process, in the order in which one job meets them. */
export const CLIENT_POINTS = [
  /** The first allocation's line is in the books, its message is not yet sent; then: sent, not yet seen final. */
  'allocation.send',
  'allocation.sent',
  'ticket.journal',
  'ticket.journaled',
  'job.send',
  'reply.head',
  'reply.chunk',
  'bill.write',
  'bill.commit',
  'bill.committed',
  'answer.end',
] as const;
export type ClientPoint = (typeof CLIENT_POINTS)[number];

/** Reports every moment; at the `nth` of the kind that was chosen the process is gone, within this very call. */
export function createFaults(point: ClientPoint | null, nth: number): (reached: ClientPoint) => void {
  let left = nth;
  return (reached) => {
    if (reached !== point || --left > 0) return;
    process.kill(process.pid, 'SIGKILL');
    // The signal is on its way; nothing more may happen here.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  };
}
