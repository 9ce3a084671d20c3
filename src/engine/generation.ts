import { setTimeout as delay } from 'node:timers/promises';
import type { DrawnToken, Runtime, Sampling, Slot } from './runtime';
import { createStopFilter, createTokenJoiner } from './text';

export interface GenerationRequest {
  prompt: readonly number[];
  maxTokens: number;
  stops: readonly string[];
  ignoreEnd: boolean;
  salt: string | null;
  sampling: Sampling;
}

/** Counts of the engine itself, never of pieces that were sent. The end token counts, as in vLLM. */
export interface Usage {
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
}

export type FinishReason = 'stop' | 'length';

/** A token and where its text begins in the answer, in characters. */
export interface PlacedToken extends DrawnToken {
  offset: number;
}

export interface Piece {
  text: string;
  /** The tokens that the text begins, when probabilities were asked for. */
  tokens: PlacedToken[];
  usage: Usage;
  /** Set on the last piece only, which may have no text. */
  finish: FinishReason | null;
}

/** Runs one request in its slot. Ends with a piece that says why, or throws the signal's reason. */
export async function* generatePieces(
  runtime: Runtime,
  slot: Slot,
  request: GenerationRequest,
  delayMsPerToken: number,
  signal: AbortSignal,
): AsyncGenerator<Piece, void> {
  const joiner = createTokenJoiner(runtime.detokenize);
  const stops = createStopFilter(request.stops);
  const usage: Usage = { promptTokens: request.prompt.length, cachedTokens: 0, completionTokens: 0 };
  const ledger = createTokenLedger();
  const piece = (text: string, finish: Piece['finish']): Piece => {
    const tokens = ledger.delivered(text.length);
    return { text, tokens, usage: { ...usage }, finish };
  };

  signal.throwIfAborted();
  const tokens = runtime.generate(slot, request.prompt, request.salt, request.sampling, (cached) => {
    usage.cachedTokens = cached;
  });
  for await (const drawn of tokens) {
    signal.throwIfAborted();
    if (delayMsPerToken > 0) await pause(delayMsPerToken, signal);
    usage.completionTokens++;

    const ended = drawn.token === runtime.endToken;
    const joined = ended ? '' : joiner.push(drawn.token);
    if (!ended && request.sampling.alternatives !== null) ledger.drawn(drawn, joined.length);
    const { text, stopped } = stops.push(joined);
    if (stopped) {
      yield piece(text, 'stop');
      return;
    }
    const full = usage.completionTokens >= request.maxTokens;
    if (full || (ended && !request.ignoreEnd)) {
      const rest = stops.push(joiner.flush());
      const last = text + rest.text + (rest.stopped ? '' : stops.flush());
      yield piece(last, rest.stopped || (ended && !request.ignoreEnd) ? 'stop' : 'length');
      return;
    }
    if (text !== '') yield piece(text, null);
  }
}

/** Hands a token out with the text that it begins, and never one whose text was cut off by a stop string. */
function createTokenLedger(): {
  drawn(token: DrawnToken, chars: number): void;
  delivered(chars: number): PlacedToken[];
} {
  let held: PlacedToken[] = [];
  let [written, out] = [0, 0];
  return {
    drawn(token, chars) {
      held.push({ ...token, offset: written });
      written += chars;
    },
    delivered(chars) {
      out += chars;
      const ready = held.filter(({ offset }) => offset < out);
      held = held.filter(({ offset }) => offset >= out);
      return ready;
    },
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}
