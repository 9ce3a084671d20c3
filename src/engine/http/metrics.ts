import { Counter, Gauge, Registry } from 'prom-client';
import type { FinishReason, Usage } from '../generation';

export interface EngineMetrics {
  finished(usage: Usage | null, reason: FinishReason | 'abort'): void;
  transcribed(seconds: number, reason: 'stop' | 'abort'): void;
  /** Prometheus text. */
  render(): Promise<string>;
  readonly contentType: string;
}

/** A pool of slots, as far as it is watched. */
interface Load {
  running(): number;
  waiting(): number;
}

/** The few series that operators of vLLM look at first, under its names. */
export function createMetrics(pools: readonly Load[]): EngineMetrics {
  const registry = new Registry();
  const registers = [registry];
  new Gauge({
    name: 'vllm:num_requests_running',
    help: 'Requests that hold a slot.',
    registers,
    collect() {
      this.set(pools.reduce((sum, pool) => sum + pool.running(), 0));
    },
  });
  new Gauge({
    name: 'vllm:num_requests_waiting',
    help: 'Requests that wait for a slot.',
    registers,
    collect() {
      this.set(pools.reduce((sum, pool) => sum + pool.waiting(), 0));
    },
  });
  const prompt = new Counter({ name: 'vllm:prompt_tokens_total', help: 'Prompt tokens.', registers });
  const cached = new Counter({
    name: 'vllm:prefix_cache_hits_total',
    help: 'Cached prompt tokens.',
    registers,
  });
  const generated = new Counter({
    name: 'vllm:generation_tokens_total',
    help: 'Generated tokens.',
    registers,
  });
  const finished = new Counter({
    name: 'vllm:request_success_total',
    help: 'Finished requests by reason.',
    labelNames: ['finished_reason'],
    registers,
  });
  const heard = new Counter({
    name: 'cocoon_engine_audio_seconds_total',
    help: 'Seconds of sound transcribed.',
    registers,
  });
  return {
    transcribed(seconds, reason) {
      finished.inc({ finished_reason: reason });
      heard.inc(seconds);
    },
    finished(usage, reason) {
      finished.inc({ finished_reason: reason });
      prompt.inc(usage?.promptTokens ?? 0);
      cached.inc(usage?.cachedTokens ?? 0);
      generated.inc(usage?.completionTokens ?? 0);
    },
    render: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
