/** The router's own bounds; a configuration may change any of them. Those that all three programs share are in src/protocol/limits.ts. */
export interface RouterLimits {
  /** Jobs being received or relayed, in all and under one escrow. */
  jobs: number;
  jobsPerEscrow: number;
  /** Escrows being read from the chain at a time. */
  escrowReads: number;
  /** Bytes of job bodies held while their hash is still being checked. */
  bufferedBytes: number;
  /** Open client connections. */
  connections: number;
  headersTimeoutMs: number;
  /** How long a client may take over one body, and stay silent within it. */
  bodyTimeoutMs: number;
  bodyIdleTimeoutMs: number;
  /** How long a client may leave a full reply buffer unread. */
  slowReaderTimeoutMs: number;
  /** How long a worker may leave a job without an answer, and a reply without a byte. */
  workerIdleTimeoutMs: number;
  /** A job that a worker answers before it runs: bytes of its JSON error. */
  workerErrorBytes: number;

  links: number;
  handshakes: number;
  helloTimeoutMs: number;
  helloBytes: number;
  /** One line of a status stream; holds a signed offer. */
  statusLineBytes: number;
  /** A link whose worker reports nothing for this long is closed. */
  statusTimeoutMs: number;
  pingIntervalMs: number;
  /** Every link's worker is read from the chain again this often. */
  recheckIntervalMs: number;
  /** HTTP/2 receive windows: one reply, and all replies of one link. */
  streamWindowBytes: number;
  linkWindowBytes: number;
  /** What one link's HTTP/2 state may take before it opens no more streams; Node's unit is MiB. */
  linkMemoryMebibytes: number;

  /** How long a worker may take to show its quote, and how long what it showed is served. */
  evidenceTimeoutMs: number;
  evidenceFreshMs: number;
  collateralFreshMs: number;
  /** Before what failed is asked for again: doubled each time, up to the second. */
  evidenceRetryMinMs: number;
  evidenceRetryMaxMs: number;
  /** Quotes, and families' collateral, that are kept to be served. */
  evidences: number;
  collaterals: number;

  /** How long one rendering of the order book is served. */
  bookCacheMs: number;
  /** Tickets remembered, so that a repeated one reaches its worker although it no longer could start a job. */
  rememberedTickets: number;
  /** Worker keys and paying escrows per key whose record is kept. */
  standings: number;
  escrowsPerStanding: number;

  /** Receipts in one commit, and lines held in memory beside the database. */
  commitReceipts: number;
  cachedLines: number;

  retryAfterSeconds: number;
  drainTimeoutMs: number;
}

const SECOND = 1_000;
const KIB = 1024;
const MIB = 1024 * KIB;

export const ROUTER_LIMITS: RouterLimits = {
  jobs: 4096,
  jobsPerEscrow: 512,
  escrowReads: 128,
  bufferedBytes: 512 * MIB,
  connections: 16_384,
  headersTimeoutMs: 10 * SECOND,
  bodyTimeoutMs: 60 * SECOND,
  bodyIdleTimeoutMs: 10 * SECOND,
  slowReaderTimeoutMs: 60 * SECOND,
  workerIdleTimeoutMs: 30 * SECOND,
  workerErrorBytes: 16 * KIB,

  links: 1024,
  handshakes: 64,
  helloTimeoutMs: 10 * SECOND,
  helloBytes: 512 * KIB,
  statusLineBytes: 512 * KIB,
  statusTimeoutMs: 30 * SECOND,
  pingIntervalMs: 10 * SECOND,
  recheckIntervalMs: 60 * SECOND,
  streamWindowBytes: 256 * KIB,
  linkWindowBytes: 16 * MIB,
  linkMemoryMebibytes: 128,

  evidenceTimeoutMs: 5 * SECOND,
  evidenceFreshMs: 60 * SECOND,
  collateralFreshMs: 300 * SECOND,
  evidenceRetryMinMs: 2 * SECOND,
  evidenceRetryMaxMs: 120 * SECOND,
  evidences: 1024,
  collaterals: 64,

  bookCacheMs: 1 * SECOND,
  rememberedTickets: 100_000,
  standings: 4096,
  escrowsPerStanding: 1024,

  commitReceipts: 512,
  cachedLines: 100_000,

  retryAfterSeconds: 2,
  drainTimeoutMs: 60 * SECOND,
};
