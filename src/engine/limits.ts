/** Every bound of the development engine, units last. */
export const ENGINE_LIMITS = {
  bodyMaxBytes: 4 * 1024 * 1024,
  /** A body above the limit is read on to here, so that its sender can hear the answer. */
  bodyDiscardMaxBytes: 32 * 1024 * 1024,
  /** OpenAI's limit for a sound file, with room for the other fields of the form. */
  audioBodyMaxBytes: 25 * 1024 * 1024 + 64 * 1024,
  audioMaxSeconds: 600,
  /** A client has this long to send its head, and then its whole request. */
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  /** How long a request may wait for a slot, and run once it has one. */
  queueMaxWaitMs: 30_000,
  jobMaxMs: 30 * 60_000,
  /** What a stopping engine leaves its running requests before it cuts them. */
  drainMs: 5_000,
  /** And what the cut ones have to send their last words. */
  cutMs: 1_000,
  sweepMs: 20,

  slotsDefault: 4,
  slotsMax: 64,
  /** Requests that may wait per slot; one more is answered 429. */
  queuePerSlot: 4,
  retryAfterSeconds: 1,

  /** Tokens of an answer when the request names no maximum. */
  maxTokensDefault: 256,
  /** The same of an answer that a grammar brings to its end. */
  maxTokensConstrainedDefault: 2_048,
  choicesMax: 16,
  promptsMax: 64,
  toolsMax: 128,
  biasesMax: 1_024,
  messagesMax: 1_024,
  stopsMax: 4,
  stopMaxChars: 256,
  saltMaxChars: 256,
  /** Words of a transcription that are closer together than this form one segment. */
  segmentPauseMs: 2_500,
  embeddingInputsMax: 256,
  /** Of all inputs of a request together: a few seconds of work. */
  embeddingMaxTokens: 32_768,
} as const;
