import { setTimeout as delay } from 'node:timers/promises';
import { deflateSync } from 'node:zlib';
import { hear, openRecording } from '../ear/ear';
import type { Heard, Word } from '../ear/heard';
import { ENGINE_LIMITS } from '../limits';
import type { SlotPool } from '../slotPool';
import type { EngineMetrics } from './metrics';
import { requestSignals } from './signals';
import { asApiError } from './sse';
import type { TranscriptionRequest } from './transcriptionForm';

/** What the ear needs of the engine: nothing of the language model. */
export interface EarContext {
  /** Recordings are heard one at a time: hearing is all computation. */
  earPool: SlotPool<'ear'>;
  metrics: EngineMetrics;
  delayMsPerToken: number;
  /** Aborts when running requests must end. */
  shutdown: AbortSignal;
}

/** POST /v1/audio/transcriptions */
export async function transcription(
  context: EarContext,
  request: TranscriptionRequest,
  client: AbortSignal,
): Promise<Response> {
  const recording = openRecording(request.file, ENGINE_LIMITS.audioMaxSeconds);
  const signals = requestSignals(client, context.shutdown);
  let outcome: 'stop' | 'abort' = 'abort';
  try {
    const lease = await context.earPool.acquire(() => 0, signals.queue);
    try {
      const heard = await hear(recording, signals.job);
      const waitMs = context.delayMsPerToken * heard.words.length;
      if (waitMs > 0) await delay(waitMs, undefined, { signal: signals.job });
      outcome = 'stop';
      return answer(request, heard, recording.durationMs / 1_000);
    } finally {
      lease.release();
      context.metrics.transcribed(outcome === 'stop' ? recording.durationMs / 1_000 : 0, outcome);
    }
  } catch (error) {
    throw asApiError(signals.job.aborted ? signals.job.reason : error);
  } finally {
    signals.done();
  }
}

function answer(request: TranscriptionRequest, heard: Heard, seconds: number): Response {
  const text = textOf(heard.words);
  if (request.response_format === 'text') {
    return new Response(`${text}\n`, { headers: { 'content-type': 'text/plain; charset=utf-8' } });
  }
  const usage = { type: 'duration', seconds };
  if (request.response_format === 'json') return Response.json({ text, usage });
  const granularities = request.timestamp_granularities;
  return Response.json({
    task: 'transcribe',
    language: request.language ?? 'en',
    duration: seconds,
    text,
    ...(granularities.includes('segment') && { segments: segmentsOf(request, heard) }),
    ...(granularities.includes('word') && {
      words: heard.words.map((word) => ({ word: word.text, ...timesOf(word, word) })),
    }),
    usage,
  });
}

/** Segments in the shape of Whisper's; what only a language model has is empty or what it is for a sure one. */
function segmentsOf({ temperature }: TranscriptionRequest, { words, misfit }: Heard): object[] {
  const groups: Word[][] = [];
  for (const word of words) {
    const group = groups.at(-1);
    if (group && word.startMs - group.at(-1)!.endMs < ENGINE_LIMITS.segmentPauseMs) group.push(word);
    else groups.push([word]);
  }
  return groups.map((group, id) => {
    const text = textOf(group);
    const bytes = Buffer.from(text);
    return {
      id,
      // Whisper counts in frames of 10 ms.
      seek: Math.round(group[0]!.startMs / 10),
      ...timesOf(group[0]!, group.at(-1)!),
      text,
      tokens: [],
      temperature,
      avg_logprob: -misfit,
      compression_ratio: bytes.length / deflateSync(bytes).length,
      no_speech_prob: 0,
    };
  });
}

function textOf(words: readonly Word[]): string {
  return words.map(({ text }) => text).join(' ');
}

function timesOf(first: Word, last: Word): { start: number; end: number } {
  const seconds = (ms: number): number => Math.round(ms) / 1_000;
  return { start: seconds(first.startMs), end: seconds(last.endMs) };
}
