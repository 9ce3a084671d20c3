import { ApiError } from '../apiError';

/** The file is of a kind that the ear takes, but not as its format wants it. */
export function brokenAudio(reason: string): ApiError {
  return new ApiError(400, 'invalid_audio', `The audio file is broken: ${reason}`, 'file');
}

/** The file is sound, but nothing that the ear takes. */
export function unsupportedAudio(reason: string): ApiError {
  return new ApiError(
    400,
    'unsupported_parameter',
    `${reason} Send WAV (PCM of 8, 16, 24 or 32 bits, or 32-bit float) or OGG/Opus, mono or stereo.`,
    'file',
  );
}

export function audioTooLong(seconds: number, maxSeconds: number): ApiError {
  return new ApiError(
    400,
    'audio_too_long',
    `The audio has ${seconds.toFixed(1)} seconds; ${maxSeconds} are allowed.`,
    'file',
  );
}
