/** A SHA-256 under way. */
export interface Sha256 {
  update(data: Uint8Array): void;
  /** Of all that came so far; more may follow. */
  digest(): Buffer;
}
