/** An answer of the toncenter kind: `{ ok: false, error, code }`, with `code` as the HTTP status too. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}
