import { execFile, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { CHAT, EAR, HELLO } from './features';
import { voice } from './sounds';
import type { ClientScene } from './scene';

export const EXAMPLES = path.join(__dirname, '../../../examples');
const ROOT = path.dirname(EXAMPLES);
const LONGEST_MS = 60_000;

/** A command of examples/README.md, and what it must print. */
export interface Example {
  command: string;
  prints: RegExp;
}

/** Every example that talks to a gateway, as examples/README.md says that it is run. */
export const THROUGH_GATEWAY: Example[] = [
  { command: 'node examples/gateway/chat.mjs', prints: /^.+\n\d+ nanotons, receipt [0-9a-f]{32}\n$/s },
  { command: 'node examples/gateway/stream.mjs', prints: /^.+\n\d+ tokens, \d+ nanotons\n$/s },
  { command: 'node examples/gateway/tools.mjs', prints: /^weather in (Lisbon|Oslo)\?\n.+\n$/s },
  { command: 'node examples/gateway/voice.mjs', prints: /^heard: HELLO\nanswer: .+\n$/s },
  { command: 'node examples/gateway/aiSdk.mjs', prints: /^.+\nbird: (heron|stork)\n$/s },
  { command: 'node examples/gateway/langchain.mjs', prints: /^bird: (heron|stork)\n64 dimensions\n$/ },
  {
    command: 'python3 examples/gateway/chat.py',
    prints: /^.+\ncost: \d+ nanotons, receipt [0-9a-f]{32}\n$/s,
  },
  { command: 'sh examples/gateway/chat.sh', prints: /^data: \{.+"cost_nano":"\d+".+data: \[DONE\]\n\n$/s },
];

export const OVER_SDK: Example = {
  command: 'npx tsx examples/client/sdk.ts client.json',
  prints: /^.+\n\nreceipt [0-9a-f]{32}: [\d.]+ TON, [\d.]+ TON are free\n$/s,
};

/** Why an example cannot run on this machine; null when it can. */
export function missing({ command }: Example): string | null {
  const needed = command.startsWith('python3') ? 'python3' : command.startsWith('sh ') ? 'curl' : null;
  if (needed === null || spawnSync(needed, ['--version']).status === 0) return null;
  return `${needed} is not installed here`;
}

/** Runs a command as a reader would, with the environment that README names. Rejects when it fails. */
export async function runExample({ command }: Example, { url, keys }: ClientScene): Promise<string> {
  const [program, ...args] = command.split(' ');
  const env = {
    ...process.env,
    ...{ OPENAI_BASE_URL: url, OPENAI_API_KEY: keys.funded, MODEL: CHAT, EAR },
  };
  const given = program === 'sh' ? [...args, url, CHAT] : args;
  const options = { cwd: ROOT, env, timeout: LONGEST_MS };
  return (await promisify(execFile)(program!, given, options)).stdout;
}

/** The sandbox's own configuration with books of its own: two processes share a signer, never a folder. */
export async function runSdkExample(scene: ClientScene): Promise<string> {
  const { configFile } = scene.sandbox;
  const config = JSON.parse(readFileSync(configFile, 'utf8')) as object;
  const file = path.join(path.dirname(configFile), 'example.json');
  writeFileSync(file, JSON.stringify({ ...config, dataDir: 'example', lines: {} }));
  return runExample({ ...OVER_SDK, command: OVER_SDK.command.replace('client.json', file) }, scene);
}

export interface LiteLlmEntry {
  model: string;
  hears: boolean;
}

/** The entries of the proxy's configuration, in the little YAML that it is written in. */
export function liteLlmEntries(): LiteLlmEntry[] {
  const text = readFileSync(path.join(EXAMPLES, 'gateway/litellm/config.yaml'), 'utf8');
  return text
    .split('  - model_name: ')
    .slice(1)
    .map((entry) => {
      if (!entry.includes('api_base: os.environ/OPENAI_BASE_URL\n')) throw new Error('no api_base');
      if (!entry.includes('api_key: os.environ/OPENAI_API_KEY\n')) throw new Error('no api_key');
      const model = /^ {6}model: openai\/(\S+)$/m.exec(entry)![1]!;
      return { model, hears: /^ {6}mode: audio_transcription$/m.test(entry) };
    });
}

/** Sends what LiteLLM sends for an entry, `openai/` taken from the model's name, to the same model of this scene. */
export async function asLiteLlm(
  { model, hears }: LiteLlmEntry,
  { url, keys }: ClientScene,
): Promise<Response> {
  const name = `acme/${model}`;
  const headers = { authorization: `Bearer ${keys.funded}` };
  if (!hears) {
    const body = JSON.stringify({ model: name, messages: [{ role: 'user', content: HELLO }], max_tokens: 8 });
    const json = { ...headers, 'content-type': 'application/json' };
    return fetch(`${url}/chat/completions`, { method: 'POST', headers: json, body });
  }
  const form = new FormData();
  form.set('file', new Blob([Uint8Array.from(voice('E'))]), 'voice.ogg');
  form.set('model', name);
  form.set('response_format', 'verbose_json');
  return fetch(`${url}/audio/transcriptions`, { method: 'POST', headers, body: form });
}

/** The one provider of providers.json, whose keys are those that LiteLLM's loader knows. */
export function liteLlmProvider(): Record<string, unknown> {
  const text = readFileSync(path.join(EXAMPLES, 'gateway/litellm/providers.json'), 'utf8');
  return (JSON.parse(text) as Record<string, Record<string, unknown>>)['cocoon']!;
}
