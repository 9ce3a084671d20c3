import { CocoonError } from '../errors';

/** What is wrong with a sound file, as its sender is told. */
export function fileProblem(message: string): CocoonError {
  return new CocoonError('invalid_request', message, { param: 'file' });
}

/** Refuses a sound file with 400 `invalid_request`, naming `file`. */
export function demandOfFile(condition: boolean, message: string): asserts condition {
  if (!condition) throw fileProblem(message);
}
