/** One server-sent event with its closing blank line. */
export interface StreamEvent {
  bytes: Buffer;
  /** Carries text of the model. */
  isToken: boolean;
}

/** Cuts a stream of events where they end, however the reads fall. */
export function createEventSplitter(): { push(bytes: Buffer): StreamEvent[] } {
  let rest = '';
  return {
    push(bytes) {
      const parts = (rest + bytes.toString('latin1')).split('\n\n');
      rest = parts.pop()!;
      return parts.map((text) => ({
        bytes: Buffer.from(`${text}\n\n`, 'latin1'),
        isToken: /"content":"[^"]/.test(text),
      }));
    },
  };
}
