import { CocoonError } from '../errors';
import { LIMITS } from '../limits';
import { isOgg } from './oggPages';
import { oggOpusMilliseconds } from './oggOpus';
import { demandOfFile } from './problem';
import { isWav, wavMilliseconds } from './wav';

/** A sound as its container describes it. */
export interface Sound {
  container: 'wav' | 'ogg';
  /** What is billed, rounded up; at least 1. */
  milliseconds: number;
}

/**
 * Reads how long a sound plays from its container, without decoding it: client and worker compute the same. Throws
 * CocoonError `unsupported_parameter` for another format, `invalid_request` for a file that is cut or lies.
 */
export function soundOf(file: Buffer): Sound {
  const sound = measured(file);
  demandOfFile(
    sound.milliseconds <= LIMITS.audioMaxSeconds * 1_000,
    `A sound lasts at most ${LIMITS.audioMaxSeconds} seconds.`,
  );
  return sound;
}

function measured(file: Buffer): Sound {
  if (isWav(file)) return { container: 'wav', milliseconds: wavMilliseconds(file) };
  if (isOgg(file)) return { container: 'ogg', milliseconds: oggOpusMilliseconds(file) };
  throw new CocoonError('unsupported_parameter', 'The file is neither WAV (PCM) nor OGG/Opus.', {
    param: 'file',
    remedy: 'Send WAV or OGG/Opus; other formats are not taken.',
  });
}
