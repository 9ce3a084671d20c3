/**
 * What the engine answers instead of a result, in OpenAI's shape. The engine stands for a foreign program (vLLM,
 * llama.cpp server), so it has that program's codes and not ours.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: 400 | 404 | 405 | 408 | 413 | 415 | 429 | 500 | 503 | 504,
    readonly code: string,
    message: string,
    /** The request field at fault, for example "messages.0.content". */
    readonly param: string | null = null,
  ) {
    super(message);
  }

  get type(): string {
    if (this.status === 429) return 'rate_limit_error';
    return this.status < 500 ? 'invalid_request_error' : 'server_error';
  }

  body(): { error: { message: string; type: string; param: string | null; code: string } } {
    return { error: { message: this.message, type: this.type, param: this.param, code: this.code } };
  }
}

export function invalidParameter(param: string, message: string): ApiError {
  return new ApiError(400, 'invalid_request', message, param);
}

export function unsupportedParameter(param: string, message: string): ApiError {
  return new ApiError(400, 'unsupported_parameter', message, param);
}

export function contextLengthExceeded(
  contextLength: number,
  prompt: number,
  completion: number,
  param: string,
): ApiError {
  return new ApiError(
    400,
    'context_length_exceeded',
    `This model's maximum context length is ${contextLength} tokens. However, you requested ${prompt + completion} ` +
      `tokens (${prompt} in the prompt, ${completion} in the completion).`,
    param,
  );
}

export function overloaded(status: 429 | 503, message: string): ApiError {
  return new ApiError(status, status === 429 ? 'rate_limit_exceeded' : 'engine_overloaded', message);
}

export function stopping(): ApiError {
  return overloaded(503, 'The engine is stopping.');
}
