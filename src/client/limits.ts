/** Bounds of this room; what other rooms share is in src/protocol/limits.ts. Units last. */
export const CLIENT_LIMITS = {
  /** A job starts within this time of its ticket; the ticket's own maximum is ten minutes. */
  ticketSeconds: 120,
  /** Tickets that one request may cost: the first, and three more after busy or failed workers. */
  attempts: 4,
  /** How long a request waits for a free slot before it is answered 503. */
  queueMs: 15_000,
  queuePollMs: 200,
  busySeconds: 1,
  failedSeconds: 30,
  /** A worker that overcharged or proved nothing. */
  dishonestSeconds: 30 * 86_400,

  routers: 16,
  bookMaxBytes: 16 * 1024 * 1024,
  bookTimeoutMs: 5_000,
  bookFreshSeconds: 2,
  /** An order book this old still serves when its router does not answer. */
  bookStaleSeconds: 30,
  workerFreshSeconds: 20,
  /** The registry's lists: a revocation stops new requests within this time. To look again costs one request. */
  rulesFreshSeconds: 5,

  /** Verifying workers: how long a router may take to show a quote or collateral, and how many are looked at once. */
  evidenceTimeoutMs: 3_000,
  verifiesAtOnce: 16,
  /** Once one worker is verified, others that take longer are left for the next request. */
  verifyGraceMs: 250,
  /** Quotes, and failures, that are remembered. */
  verifiedMost: 4_096,
  /** Texts of offers that are kept with what was read in them: two large order books. */
  offersBytes: 32 * 1024 * 1024,
  /** Workers whose newest offer is remembered. */
  newestOffers: 1_024,
  families: 64,
  /** Intel announces no recovery: its collateral is asked for again after this time, although its dates allow more. */
  collateralFreshSeconds: 21_600,
  /** Before bad evidence is looked at again: doubled each time, up to the second. */
  refusalMinSeconds: 2,
  refusalMaxSeconds: 300,
  /** How long a verdict about an unchanged offer, contract and registry stands. */
  verdictSeconds: 5,
  escrowFreshSeconds: 5,

  /** Time to the reply's first byte, and silence within it; a worker sends a sign of life every 5 s. */
  replyHeadMs: 60_000,
  replySilenceMs: 30_000,
  /** From a reply's first byte to its end: a job's latest start, its longest run, and what clocks may differ by. */
  replyMs: (120 + 1_800 + 60) * 1_000,
  /** A response at its largest, its chunks' tags and heads, and signs of life. */
  replyWireBytes: 80 * 1024 * 1024,
  errorBodyBytes: 64 * 1024,
  /** Of what another side says about its error. */
  toldCharacters: 500,
  sseEventBytes: 4 * 1024 * 1024,

  allocatePollMs: 500,
  allocateWaitMs: 60_000,
  /** How long a message that was refused, or whose answer was lost, may still turn out to be taken. */
  allocateRefusedMs: 3_000,
  allocateSeconds: 120,
  /** The most that passes between a line's note in the books and the signature that opens it. */
  signingSeconds: 60,
  /** Lines that one external message opens, raises or closes. */
  allocateEntries: 16,
  /** How often an allocation is planned anew when another process with this signer was faster. */
  allocateAttempts: 3,
  /** A line that ends sooner than this is not opened. */
  lineMinSeconds: 2 * 86_400,
  /** Less than the fourteen days that the escrow allows: clocks differ, and a message takes its time. */
  lineSafetySeconds: 3_600,

  /** Between two looks at lines that nobody wants and money that lies in ended ones; sooner after a job. */
  housekeepingMs: 600_000,
  housekeepingSeconds: 60,
  /** A line that was of no use for so long, as far as this client was there to see it, is closed. */
  uselessSeconds: 86_400,
  /** What is seen to be missing at one look counts as missing since the look before, but for no longer than this. */
  lookSeconds: 1_200,
  unusedSeconds: 3 * 86_400,
  /** A worker with so many keys in so many seconds gets a new line only when no other can have one. */
  restlessKeys: 3,
  restlessSeconds: 7 * 86_400,
  /** What a close costs that travels with an allocation, and one that travels alone. */
  closeEntryNano: 600_000n,
  closeAloneNano: 1_500_000n,
  /** Money is fetched when it is so many times what fetching it costs. */
  worthTimes: 3n,
  /** What a prune costs its wallet, and each line in it; how many lines go into one message. */
  pruneBaseNano: 1_000_000n,
  pruneLineNano: 600_000n,
  pruneLines: 20,
  /** So many entries that only take up room are pruned whatever it brings. */
  pruneTombstones: 10,

  /** Raises are tuned to the costs of so long. */
  costWindowSeconds: 7 * 86_400,
  /** Transactions of the escrow that are looked at for costs; more where that left a gap. */
  costPage: 50,
  costPageMost: 1_000,

  /** New lines end so much earlier at random. */
  lineSpreadSeconds: 6 * 3_600,

  auditItems: 4_096,
  auditRounds: 8,
  /** One request of an audit: all funding waits for it. */
  auditMs: 15_000,

  conversations: 1_000,
  /** Names that are remembered, and how much of their answers. */
  idempotencyKeys: 10_000,
  idempotencyKeyChars: 255,
  idempotencyAnswerBytes: 8 * 1024 * 1024,
  idempotencyBytes: 64 * 1024 * 1024,
  /** Random choice is among so many of the best, none dearer than this many percent above the best. */
  bestFew: 3,
  bestFewPercent: 25,

  /** Tokens that a chat template adds beyond the bytes of the JSON: what a ticket allows for, and what is believed. */
  templateTokens: 128,
  templateTokensMax: 1_024,
  /** Tokens of one choice without text: ends of turns, tool markers. */
  silentTokens: 64,

  /** How long the books keep what shows where an answer came from, after the last job that rests on it; and how much. */
  evidenceSeconds: 90 * 86_400,
  evidenceMaxBytes: 256 * 1024 * 1024,
} as const;

/** Bounds of the local gateway. */
export const GATEWAY_LIMITS = {
  bodyBytes: 30 * 1024 * 1024,
  /** Bodies of all requests together. */
  uploadBytes: 512 * 1024 * 1024,
  headerBytes: 16 * 1024,
  headersMs: 10_000,
  requestMs: 60_000,
  /** What of a refused upload is still read, so that its sender finds the answer. */
  refusedBytes: 128 * 1024 * 1024,
  refusedMs: 10_000,
  /** A reader that takes nothing for so long is hung up on. */
  stalledMs: 60_000,
  keepAliveMs: 60_000,
  connections: 1_024,
  /** Requests that run at once. */
  requests: 1_024,
  drainMs: 30_000,
  /** Keys that were ever issued; how many buckets are remembered. */
  keys: 10_000,
  /** A job that nobody saw the bill of is asked for so long. */
  billSeconds: 30 * 86_400,
} as const;
