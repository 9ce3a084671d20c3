/** Which check refuses, by its exit code's name, and why in words. */
export interface Reason {
  /** Name of the constant in contracts; an AttestationError's code where no message can be made. */
  error: string;
  why: string;
}

/** Null when it holds. `error` is the constant's name without ERROR_. */
export function unless(holds: boolean, error: string, why: string): Reason | null {
  return holds ? null : { error: `ERROR_${error}`, why };
}
