import OpenAI from 'openai';

/** What the clients ask for: a seeded mix of JSON answers, streams and embeddings, all through the official package. */
export type JobKind = 'json' | 'stream' | 'embedding';

export interface PlannedJob {
  index: number;
  client: number;
  kind: JobKind;
  prompt: string;
  maxTokens: number;
}

export interface JobOutcome {
  job: PlannedJob;
  ok: boolean;
  tokens: number;
  /** OpenAI's error code, where the job failed. */
  code: string | null;
  message: string | null;
}

const TOPICS = [
  'rivers',
  'bridges',
  'winter',
  'lighthouses',
  'orchards',
  'trains',
  'maps',
  'harbours',
  'clocks',
  'gardens',
];
const EMBEDDING_SHARE = 0.15;
const STREAM_SHARE = 0.5;

export function planJobs(count: number, clients: number, seed: number): PlannedJob[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, index) => {
    const draw = random();
    const kind: JobKind = draw < EMBEDDING_SHARE ? 'embedding' : draw < STREAM_SHARE ? 'stream' : 'json';
    const topic = TOPICS[Math.floor(random() * TOPICS.length)]!;
    return {
      index,
      client: index % clients,
      kind,
      prompt: `Tell me about ${topic}, number ${index}.`,
      maxTokens: 8 + Math.floor(random() * 40),
    };
  });
}

/** Runs one job; never throws, an error is an outcome. */
export async function runJob(openai: OpenAI, model: string, job: PlannedJob): Promise<JobOutcome> {
  try {
    const tokens = await usedTokens(openai, model, job);
    return { job, ok: tokens > 0, tokens, code: tokens > 0 ? null : 'no_usage', message: null };
  } catch (error) {
    const code = error instanceof OpenAI.APIError ? (error.code ?? String(error.status)) : 'client_error';
    return {
      job,
      ok: false,
      tokens: 0,
      code,
      message: error instanceof Error ? error.message : String(error),
    };
  }
}

/** Runs all jobs with at most `concurrency` at once, reporting each as it ends. */
export async function runJobs(
  jobs: readonly PlannedJob[],
  run: (job: PlannedJob) => Promise<JobOutcome>,
  concurrency: number,
  onDone: (outcome: JobOutcome, done: number) => void,
): Promise<JobOutcome[]> {
  const outcomes: JobOutcome[] = [];
  const queue = [...jobs];
  const lane = async (): Promise<void> => {
    for (let job = queue.shift(); job; job = queue.shift()) {
      const outcome = await run(job);
      outcomes.push(outcome);
      onDone(outcome, outcomes.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, jobs.length) }, lane));
  return outcomes;
}

async function usedTokens(openai: OpenAI, model: string, job: PlannedJob): Promise<number> {
  const messages = [{ role: 'user' as const, content: job.prompt }];
  switch (job.kind) {
    case 'json': {
      const answer = await openai.chat.completions.create({ model, messages, max_tokens: job.maxTokens });
      return answer.usage?.total_tokens ?? 0;
    }
    case 'stream': {
      const stream = await openai.chat.completions.create({
        model,
        messages,
        max_tokens: job.maxTokens,
        stream: true,
        stream_options: { include_usage: true },
      });
      let tokens = 0;
      for await (const chunk of stream) tokens = chunk.usage?.total_tokens ?? tokens;
      return tokens;
    }
    case 'embedding': {
      const answer = await openai.embeddings.create({ model, input: job.prompt });
      return answer.usage.total_tokens;
    }
  }
}

/** Mulberry32: small, seeded, good enough to vary a demo. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
