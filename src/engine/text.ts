/** A UTF-8 character has at most this many bytes, and a byte token carries one. */
const MAX_PENDING_TOKENS = 4;
const REPLACEMENT = '\ufffd';

/** Joins tokens to text so that a character whose bytes are spread over several tokens comes out whole. */
export function createTokenJoiner(detokenize: (tokens: readonly number[]) => string): {
  /** Text that is complete with this token; often a word, sometimes nothing yet. */
  push(token: number): string;
  /** What is still held back, broken bytes included. */
  flush(): string;
} {
  let pending: number[] = [];
  const take = (): string => {
    const text = detokenize(pending);
    pending = [];
    return text;
  };
  return {
    push(token) {
      pending.push(token);
      const broken = detokenize(pending).endsWith(REPLACEMENT);
      return broken && pending.length < MAX_PENDING_TOKENS ? '' : take();
    },
    flush: () => (pending.length === 0 ? '' : take()),
  };
}

/** Ends a text at the first stop string, which never appears in the output, not even in part. */
export function createStopFilter(stops: readonly string[]): {
  push(text: string): { text: string; stopped: boolean };
  flush(): string;
} {
  let held = '';
  return {
    push(text) {
      const candidate = held + text;
      const at = firstIndexOf(candidate, stops);
      if (at >= 0) {
        held = '';
        return { text: candidate.slice(0, at), stopped: true };
      }
      const keep = longestStart(candidate, stops);
      held = candidate.slice(candidate.length - keep);
      return { text: candidate.slice(0, candidate.length - keep), stopped: false };
    },
    flush() {
      const rest = held;
      held = '';
      return rest;
    },
  };
}

function firstIndexOf(text: string, stops: readonly string[]): number {
  const found = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
  return found.length === 0 ? -1 : Math.min(...found);
}

/** Length of the longest end of `text` that a stop string could still begin with. */
function longestStart(text: string, stops: readonly string[]): number {
  const longest = Math.max(0, ...stops.map((stop) => stop.length - 1));
  for (let length = Math.min(longest, text.length); length > 0; length--) {
    const end = text.slice(text.length - length);
    if (stops.some((stop) => stop.startsWith(end))) return length;
  }
  return 0;
}
