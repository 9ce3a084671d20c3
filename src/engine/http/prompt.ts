import { contextLengthExceeded, invalidParameter } from '../apiError';
import type { EngineContext } from './generate';

/** Text from outside as tokens; throws ApiError 400 for one that cannot fit, before it costs anything. */
export function tokensOf({ runtime }: EngineContext, text: string, param: string): number[] {
  const { contextLength, promptMaxBytes } = runtime;
  const bytes = Buffer.byteLength(text);
  if (bytes > promptMaxBytes) {
    const atLeast = Math.ceil(bytes / (promptMaxBytes / contextLength));
    throw contextLengthExceeded(contextLength, atLeast, 0, param);
  }
  return runtime.promptTokens(text);
}

/** Token ids from outside: the engine's native code must never see one that does not exist. */
export function knownTokens(context: EngineContext, tokens: readonly number[], param: string): number[] {
  const { vocabularySize } = context.runtime;
  const at = tokens.findIndex((token) => token >= vocabularySize);
  if (at >= 0) {
    throw invalidParameter(
      `${param}.${at}`,
      `There is no token ${tokens[at]}: the model has ${vocabularySize}.`,
    );
  }
  return [...tokens];
}
