/** Bounds of this room. */
export const BROWSER_LIMITS = {
  /** How long a page waits for books that another one holds: a page that is being reloaded lets go of them at once. */
  lockPatienceMs: 1_000,
  /** Jobs that are kept. Beyond that, those of lines that are over are forgotten when the books are opened, oldest first. */
  jobs: 10_000,
  /** A line's jobs may be asked for so long after its last day. */
  jobsAfterLineSeconds: 86_400,
  /** Of evidence; the longest unused is forgotten first. */
  evidenceBytes: 64 * 1024 * 1024,
  booksNameCharacters: 64,
} as const;
