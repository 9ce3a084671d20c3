import { z } from 'zod';
import { ApiError, invalidParameter, unsupportedParameter } from '../apiError';

const PROMPT_MAX_CHARS = 4_096;

/** Fields of the form as OpenAI has them; `file` is apart, since it is no text. */
const transcriptionSchema = z.strictObject({
  model: z.string(),
  response_format: z.enum(['json', 'text', 'verbose_json']).default('json'),
  /** ISO 639-1. A signal is in no language: it is answered as it was asked. */
  language: z
    .string()
    .regex(/^[a-z]{2,3}$/)
    .optional(),
  /** Style for a model that guesses. Nothing here guesses: both are checked, and change nothing. */
  prompt: z.string().max(PROMPT_MAX_CHARS).optional(),
  temperature: z.coerce.number().min(0).max(1).default(0),
  timestamp_granularities: z.array(z.enum(['segment', 'word'])).default(['segment']),
});
export type TranscriptionFields = z.infer<typeof transcriptionSchema>;

/** Fields that exist elsewhere but not here, with the values that ask for nothing. */
const UNSUPPORTED: Readonly<Record<string, string | null>> = {
  stream: 'false',
  include: null,
  chunking_strategy: null,
  known_speaker_names: null,
  known_speaker_references: null,
};
const LISTS = new Set(['timestamp_granularities', 'include']);

export interface TranscriptionRequest extends TranscriptionFields {
  file: Buffer;
}

/** Reads the form; throws ApiError 400 that names the first field at fault. */
export async function parseTranscription(form: FormData): Promise<TranscriptionRequest> {
  const fields: Record<string, unknown> = {};
  for (const [sentName, value] of form.entries()) {
    const name = sentName.replace(/\[\]$/, '');
    if (Object.hasOwn(UNSUPPORTED, name)) {
      if (value !== UNSUPPORTED[name]) {
        throw unsupportedParameter(
          name,
          `'${name}' is not supported by this model with the value that was sent.`,
        );
      }
    } else if (LISTS.has(name)) fields[name] = [...((fields[name] as unknown[]) ?? []), value];
    else if (Object.hasOwn(fields, name)) throw invalidParameter(name, `'${name}' was sent twice.`);
    else fields[name] = value;
  }
  const { file, ...rest } = fields;
  if (!(file instanceof Blob)) throw invalidParameter('file', "'file': a sound file is needed.");
  const parsed = transcriptionSchema.safeParse(rest);
  if (!parsed.success) throw refusal(parsed.error.issues[0]!);
  if (
    parsed.data.timestamp_granularities.includes('word') &&
    parsed.data.response_format !== 'verbose_json'
  ) {
    throw invalidParameter('timestamp_granularities', 'Times of words need response_format verbose_json.');
  }
  return { ...parsed.data, file: Buffer.from(await file.arrayBuffer()) };
}

function refusal(issue: z.core.$ZodIssue): ApiError {
  if (issue.code === 'unrecognized_keys') {
    return unsupportedParameter(issue.keys[0]!, `Unknown parameter: '${issue.keys[0]}'.`);
  }
  const param = issue.path.join('.');
  // OpenAI's other formats are real ones: the caller should hear that they exist, but not here.
  const make = param === 'response_format' ? unsupportedParameter : invalidParameter;
  return make(param, `'${param}': ${issue.message}`);
}
