import { nano } from './amounts';

/** Every bound that more than one part relies on. Seconds, bytes and nanotons, units in the name. */
export const LIMITS = {
  /** Lines. */
  lineMaxSeconds: 14 * 86_400,
  noTicketsBeforeSettleBySeconds: 86_400,
  closeDelayMinSeconds: 24 * 3_600,
  closeDelayDefaultSeconds: 36 * 3_600,
  closeDelayMaxSeconds: 72 * 3_600,
  allocateMaxSeconds: 600,

  /** Jobs. */
  ticketMaxSeconds: 600,
  jobMaxSeconds: 1_800,
  clockSkewSeconds: 60,
  chainReadMaxAgeSeconds: 60,
  /** A sound that is to be transcribed. */
  audioMaxSeconds: 4 * 3_600,

  /** Keys. */
  statementMaxSeconds: 86_400,
  keyMaxSeconds: 13 * 86_400,

  /** Bytes on the wire. */
  requestMaxBytes: 32 * 1024 * 1024,
  responseMaxBytes: 64 * 1024 * 1024,
  chunkMaxBytes: 64 * 1024,
  /** A chunk, its padding and its tag. */
  framePayloadMaxBytes: 65 * 1024,
  inclusionProofMaxBytes: 2_048,

  /** Settlement. */
  settleBatchLines: 10,
  settleWhenFeesBelowBps: 100,

  /** Client defaults. */
  firstCapNano: nano(50_000_000n),
  raiseMinNano: nano(100_000_000n),
  raiseMaxNano: nano(5_000_000_000n),
} as const;
