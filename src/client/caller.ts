/**
 * Whom a request is served for, when a client serves several: one API key of the gateway. Idempotent answers are kept
 * apart by `id`; whatever shows a receipt or its evidence asks `owns` first. Every method is synchronous and has
 * stored what it was told when it returns.
 */
export interface Caller {
  /** Unique within the client, and not the key itself. */
  readonly id: string;
  /** Models that it may not use do not exist for it. */
  mayUse(model: string): boolean;
  /** Before a ticket is signed: the most that its job may cost. Throws CocoonError `key_limit_reached`: nothing is sent. */
  reserve(job: { id: string; model: string; maxFeeNano: bigint }): void;
  /** The bill was verified: this much instead of the maximum. */
  settled(jobId: string, costNano: bigint): void;
  /** Refused before it ran: it will not be billed. */
  released(jobId: string): void;
  /** Whether that receipt is of a job of this caller. */
  owns(jobId: string): boolean;
}
