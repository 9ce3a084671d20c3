import {
  readTranscription,
  TRANSCRIPTION_PATH,
  transcriptionFingerprint,
} from '../protocol/audio/transcription';
import type { ModelRequest } from './modelRequest';

/**
 * A form with a sound, whose body travels byte for byte. `fingerprint` is equal for forms that ask for the same,
 * whatever their boundaries. Throws CocoonError naming the field.
 */
export async function readSoundRequest(
  contentType: string,
  body: Buffer,
): Promise<{ parsed: ModelRequest; fingerprint: Buffer }> {
  const asked = await readTranscription(contentType, body);
  const parsed: ModelRequest = {
    path: TRANSCRIPTION_PATH,
    capability: 'audio',
    model: asked.model,
    stream: false,
    wantsUsage: false,
    body,
    contentType,
    prompts: 0,
    choices: 1,
    maxTokens: null,
    audioMs: asked.sound.milliseconds,
    // One transcript has nothing to do with the next: any worker will do.
    conversation: '',
  };
  return { parsed, fingerprint: transcriptionFingerprint(asked) };
}
