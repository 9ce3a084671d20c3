import { createEngines } from '../../../src/worker/engines';
import type { RequestRules } from '../../../src/worker/engineRequest';
import { prepareRequest } from '../../../src/worker/engineRequest';
import { startScriptedEngine, type ScriptedEngine } from './support/scriptedEngine';

const READER: RequestRules['model'] = {
  ...{
    id: 'tiny',
    engineModel: 'engine-tiny',
    hash: '00'.repeat(32),
    contextLength: 100,
    maxOutputTokens: 10,
  },
  capabilities: ['chat'],
};
const EAR = { ...READER, id: 'ear', engineModel: 'engine-ear', capabilities: ['audio' as const] };
const PRICES = { promptPrice: 0n, cachedPrice: 0n, completionPrice: 0n, audioPrice: 0n };

describe('a worker beside two engines', () => {
  let near: ScriptedEngine;
  let other: ScriptedEngine;
  beforeEach(async () => {
    [near, other] = await Promise.all([startScriptedEngine(), startScriptedEngine()]);
  });
  afterEach(() => Promise.all([near.close(), other.close()]));

  const engines = (...models: RequestRules['model'][]) =>
    createEngines({ url: near.url, connections: 2, models });

  it('worker asks each model where it is served', async () => {
    const both = engines(READER, { ...READER, id: 'other', engineUrl: other.url });
    const request = {
      method: 'POST' as const,
      path: '/v1/chat/completions',
      body: Buffer.from('{"messages":[]}'),
    };
    const rules = { prices: PRICES, maxFee: 1n, cacheSalt: null, continuousUsage: false };
    const ask = (model: RequestRules['model']) =>
      both.run(prepareRequest(request, { ...rules, model }), new AbortController().signal);
    await ask({ ...READER, engineUrl: other.url });
    expect([near.calls.length, other.calls.length]).toEqual([0, 1]);
    await ask(READER);
    expect([near.calls.length, other.calls.length]).toEqual([1, 1]);
    await both.close();
  });

  it('worker serves only while each engine lists its models and answers them', async () => {
    const ear = { ...EAR, engineUrl: other.url };
    const both = engines(READER, ear);
    await expect(both.check([])).resolves.toBeUndefined();
    await both.close();
    const wrong = engines(READER, { ...ear, engineModel: 'engine-nobody' });
    await expect(wrong.check([])).rejects.toThrow('does not list the model "engine-nobody"');
    await wrong.close();
    const last = engines(READER, ear);
    await other.close();
    await expect(last.check([])).rejects.toThrow();
    await last.close();
  });

  it('worker shows an ear a second of silence, to see that it hears', async () => {
    const heard: number[] = [];
    const deaf = engines(EAR);
    near.answerSilence((call) => {
      heard.push(call.files['file']!.length);
      call.response.writeHead(500).end();
    });
    await expect(deaf.check([])).rejects.toThrow('The engine answers a canary with status 500.');
    expect(heard).toEqual([44 + 32_000]);
    await deaf.close();
  });
});
