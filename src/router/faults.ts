/**
 * Places at which a drill may end the process. Every one stands between two steps whose order matters for a
 * receipt; the default callback does nothing, and only `createRouter`'s caller can hand in another.
 */
export type FaultPoint =
  | 'job.received'
  | 'job.forwarded'
  | 'reply.started'
  | 'reply.chunk'
  | 'receipt.received'
  | 'ledger.begun'
  | 'ledger.written'
  | 'ledger.committed'
  | 'receipt.forwarded'
  | 'reply.ended';

export type FaultHook = (point: FaultPoint) => void;

export const noFaults: FaultHook = () => undefined;
