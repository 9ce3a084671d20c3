/** Bounds of the sealed channel. Bytes and milliseconds, units in the name. */
export const CHANNEL_LIMITS = {
  /** Request plaintexts are padded to one of these steps, so that lengths tell little. */
  requestBucketMinBytes: 1024,
  /** Powers of two up to here; above, eighths of the power of two below. */
  requestBucketDoublingBytes: 64 * 1024,
  requestHeadMaxBytes: 16 * 1024,

  /** Size classes of a content chunk's plaintext, its two length bytes included. */
  contentClasses: [512, 1024, 2048, 4096, 8192, 16_384, 32_768],
  responseHeadMaxBytes: 16 * 1024,

  /**
   * No event is held longer than this many milliseconds, or until this many wait. On its whole way a token may lose
   * 50 ms: ten are left for timers, which are late, and for sockets.
   */
  coalesceMaxDelayMs: 40,
  coalesceMaxEvents: 8,
  coalesceMaxBytes: 16 * 1024,
} as const;
