import { TRANSCRIPTION_PATH } from '../protocol/audio/transcription';
import type { EnginePath, RequestRules } from './engineRequest';
import { formFor } from './transcription';

/** The smallest request that shows that the engine computes with this model. */
export interface Canary {
  path: EnginePath;
  contentType: string;
  body: Buffer;
}

/** Null for a model that can do nothing. */
export async function canaryOf({ engineModel, capabilities }: RequestRules['model']): Promise<Canary | null> {
  const messages = [{ role: 'user', content: 'Hi' }];
  if (capabilities.includes('chat')) {
    return inJson('/v1/chat/completions', { model: engineModel, messages, max_tokens: 1 });
  }
  if (capabilities.includes('completions')) {
    return inJson('/v1/completions', { model: engineModel, prompt: 'Hi', max_tokens: 1 });
  }
  if (capabilities.includes('embeddings'))
    return inJson('/v1/embeddings', { model: engineModel, input: 'Hi' });
  if (!capabilities.includes('audio')) return null;
  const sound = { container: 'wav', milliseconds: 1_000 } as const;
  const form = await formFor({ file: silence(), sound, options: {}, granularities: [] }, engineModel);
  return { path: TRANSCRIPTION_PATH, ...form };
}

function inJson(path: EnginePath, body: object): Canary {
  return { path, contentType: 'application/json', body: Buffer.from(JSON.stringify(body)) };
}

const RATE = 16_000;

/** One second of nothing as WAV: 16 bits, one channel. */
function silence(): Buffer {
  const bytes = RATE * 2;
  const file = Buffer.alloc(44 + bytes);
  file.write('RIFF', 0, 'latin1');
  file.writeUInt32LE(36 + bytes, 4);
  file.write('WAVEfmt ', 8, 'latin1');
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(RATE, 24);
  file.writeUInt32LE(bytes, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36, 'latin1');
  file.writeUInt32LE(bytes, 40);
  return file;
}
