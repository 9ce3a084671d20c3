import { CocoonError } from '../../../src/protocol/errors';

/** The code of the error that `act` throws, or a sentence that equals no code. */
export function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof CocoonError ? error.code : String(error);
  }
  return 'nothing thrown';
}
