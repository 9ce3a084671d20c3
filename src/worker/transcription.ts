import {
  GRANULARITIES,
  TRANSCRIPTION_PATH,
  readTranscription,
  type Transcription,
} from '../protocol/audio/transcription';
import { CocoonError } from '../protocol/errors';
import { jobFee } from '../protocol/price';
import { requireCapability, type EngineRequest, type RequestRules } from './engineRequest';
import { NO_USAGE } from './metering';

/**
 * A form as the engine gets it: whisper servers of any kind read the same one. It is built anew, with the engine's own
 * name of the model and a file name that says nothing about the caller. Throws CocoonError before anything is billed.
 */
export async function prepareTranscription(
  request: { method: 'GET' | 'POST'; contentType: string; body: Buffer },
  rules: RequestRules,
): Promise<EngineRequest> {
  if (request.method !== 'POST') throw new CocoonError('method_not_allowed', 'Sounds are sent with POST.');
  requireCapability(TRANSCRIPTION_PATH, rules.model);
  const asked = await readTranscription(request.contentType, request.body);
  if (asked.model !== rules.model.id) {
    throw new CocoonError(
      'model_not_found',
      'The form names another model than the sealed request commits to.',
      { param: 'model' },
    );
  }
  const audioMs = asked.sound.milliseconds;
  if (jobFee(rules.prices, { ...NO_USAGE, audioMs }) > rules.maxFee) {
    throw new CocoonError('price_above_max', "The ticket's maximum does not pay for so long a sound.");
  }
  return {
    ...(await formFor(asked, rules.model.engineModel)),
    ...{ method: 'POST', path: TRANSCRIPTION_PATH, engineUrl: rules.model.engineUrl ?? null },
    ...{ stream: false, maxTokens: 0, choices: 1, requestBytes: 0, audioMs },
  };
}

/** The bytes of a form, and the content type with its boundary. */
export async function formFor(
  { file, sound, options, granularities }: Omit<Transcription, 'model'>,
  engineModel: string,
): Promise<{ body: Buffer; contentType: string }> {
  const form = new FormData();
  const type = `audio/${sound.container}`;
  form.append('file', new Blob([new Uint8Array(file)], { type }), `sound.${sound.container}`);
  form.append('model', engineModel);
  for (const [name, value] of Object.entries(options)) form.append(name, value);
  for (const granularity of granularities) form.append(GRANULARITIES, granularity);
  const encoded = new Response(form);
  const contentType = encoded.headers.get('content-type')!;
  return { body: Buffer.from(await encoded.arrayBuffer()), contentType };
}
