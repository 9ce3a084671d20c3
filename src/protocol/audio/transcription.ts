import { CocoonError } from '../errors';
import { sha256 } from '../hash';
import { soundOf, type Sound } from './sound';

/** `POST /v1/audio/transcriptions`: what its form may hold. Client and worker read it by this one function. */
export const TRANSCRIPTION_PATH = '/v1/audio/transcriptions';
export const RESPONSE_FORMATS = ['json', 'text', 'verbose_json'] as const;

export interface Transcription {
  model: string;
  file: Buffer;
  sound: Sound;
  /** `response_format`, `language`, `prompt`, `temperature`, as far as they were sent. */
  options: Partial<Record<TranscriptionOption, string>>;
  /** Which times `verbose_json` tells. */
  granularities: string[];
}

type TranscriptionOption = (typeof OPTIONS)[number];
const OPTIONS = ['response_format', 'language', 'prompt', 'temperature'] as const;
export const GRANULARITIES = 'timestamp_granularities[]';
const MODEL_MAX_CHARS = 200;
const PROMPT_MAX_CHARS = 8_192;
const LANGUAGE = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?$/;
const TEMPERATURE = /^(0(\.\d+)?|1(\.0+)?)$/;

/**
 * Reads a multipart form. Throws CocoonError `unsupported_media_type`, `invalid_request` or `unsupported_parameter`,
 * naming the field that is at fault; nothing that was sent is quoted but a field's name.
 */
export async function readTranscription(contentType: string, body: Buffer): Promise<Transcription> {
  const form = await parseForm(contentType, body);
  const fields = new Map<string, string | Blob>();
  const granularities: string[] = [];
  for (const [name, value] of form) {
    if (name === GRANULARITIES) {
      granularities.push(granularityOf(value));
      continue;
    }
    const isKnown = name === 'file' || name === 'model' || (OPTIONS as readonly string[]).includes(name);
    if (!isKnown && !asksForNothing(name, value)) throw unsupported(name);
    if (fields.has(name)) throw wrong(name, `"${name}" was sent twice.`);
    if (isKnown) fields.set(name, value);
  }
  const sent = fields.get('file');
  if (sent === undefined || typeof sent === 'string') throw wrong('file', 'Send one sound as "file".');
  const file = Buffer.from(await sent.arrayBuffer());
  const model = textOf(fields, 'model');
  if (!model || model.length > MODEL_MAX_CHARS) throw wrong('model', 'Name one model.');
  const options = readOptions(fields);
  if (granularities.length > GRANULARITY.length) throw wrong(GRANULARITIES, 'There are two kinds of times.');
  if (granularities.length > 0 && options.response_format !== 'verbose_json') {
    throw wrong(GRANULARITIES, 'Times are told in verbose_json.');
  }
  return { model, file, options, granularities, sound: soundOf(file) };
}

/** Equal for two forms that ask for the same, whatever boundary and order they travelled with. */
export function transcriptionFingerprint({ model, file, options, granularities }: Transcription): Buffer {
  const fields = [...OPTIONS.map((name) => options[name] ?? null), ...granularities];
  return sha256(sha256(Buffer.from(JSON.stringify([model, fields]))), sha256(file));
}

async function parseForm(contentType: string, body: Buffer): Promise<FormData> {
  if (!/^multipart\/form-data\s*;/i.test(contentType)) {
    throw new CocoonError('unsupported_media_type', 'Send multipart/form-data.');
  }
  try {
    const headers = { 'content-type': contentType };
    return await new Response(new Uint8Array(body), { headers }).formData();
  } catch {
    // The parser's own words may quote the body.
    throw new CocoonError('invalid_request', 'The multipart form cannot be read.');
  }
}

const GRANULARITY: readonly unknown[] = ['word', 'segment'];

function granularityOf(value: unknown): string {
  if (typeof value === 'string' && GRANULARITY.includes(value)) return value;
  throw wrong(GRANULARITIES, 'Times are told of words and segments.');
}

/** OpenAI's SDKs send some fields out of habit, with the value that changes nothing. */
function asksForNothing(name: string, value: unknown): boolean {
  return name === 'stream' && value === 'false';
}

function readOptions(fields: ReadonlyMap<string, string | Blob>): Transcription['options'] {
  const options: Transcription['options'] = {};
  for (const name of OPTIONS) {
    const value = textOf(fields, name);
    if (value !== null) options[name] = value;
  }
  const { response_format: format, language, temperature, prompt } = options;
  if (format !== undefined && !(RESPONSE_FORMATS as readonly string[]).includes(format)) {
    throw new CocoonError(
      'unsupported_parameter',
      `"response_format" is one of ${RESPONSE_FORMATS.join(', ')}.`,
      { param: 'response_format' },
    );
  }
  if (language !== undefined && !LANGUAGE.test(language)) {
    throw wrong('language', '"language" is a code such as en.');
  }
  if (temperature !== undefined && !TEMPERATURE.test(temperature)) {
    throw wrong('temperature', '"temperature" is a number from 0 to 1.');
  }
  if (prompt !== undefined && prompt.length > PROMPT_MAX_CHARS) {
    throw wrong('prompt', `"prompt" has at most ${PROMPT_MAX_CHARS} characters.`);
  }
  return options;
}

function textOf(fields: ReadonlyMap<string, string | Blob>, name: string): string | null {
  const value = fields.get(name) ?? null;
  if (value !== null && typeof value !== 'string') throw wrong(name, `"${name}" is a text, not a file.`);
  return value;
}

function unsupported(name: string): CocoonError {
  const shown = name.slice(0, 64);
  return new CocoonError('unsupported_parameter', `"${shown}" is not supported.`, { param: shown });
}

function wrong(param: string, message: string): CocoonError {
  return new CocoonError('invalid_request', message, { param });
}
