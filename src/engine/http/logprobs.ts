import type { PlacedToken } from '../generation';
import type { DrawnToken, Runtime, TokenChance } from '../runtime';

/**
 * Chances of tokens as OpenAI writes them. They are those that the token was drawn from: after temperature, penalties, biases
 * and the grammar, and with top_p, top_k and min_p among the tokens that these left.
 */
export function chatLogprobs(runtime: Runtime, tokens: readonly DrawnToken[]): object {
  const entry = ({ token, logprob }: TokenChance): object => {
    const { text, bytes } = runtime.tokenText(token);
    return { token: text, logprob, bytes };
  };
  const content = tokens.map((drawn) => ({ ...entry(drawn), top_logprobs: drawn.top.map(entry) }));
  return { content, refusal: null };
}

/** The older shape, of completions: one list per property. */
export interface CompletionLogprobs {
  tokens: string[];
  token_logprobs: (number | null)[];
  top_logprobs: (Record<string, number> | null)[];
  text_offset: number[];
}

/** A token of a prompt: the first one has no chance. */
type ScoredToken = PlacedToken | { token: number; offset: number; logprob: null };

/** Several tokens can read alike (halves of characters): then the likelier one stands. */
export function completionLogprobs(runtime: Runtime, tokens: readonly ScoredToken[]): CompletionLogprobs {
  const read = (token: number): string => runtime.tokenText(token).text;
  return {
    tokens: tokens.map(({ token }) => read(token)),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: tokens.map((scored) =>
      scored.logprob === null
        ? null
        : Object.fromEntries([...scored.top].reverse().map(({ token, logprob }) => [read(token), logprob])),
    ),
    text_offset: tokens.map(({ offset }) => offset),
  };
}
