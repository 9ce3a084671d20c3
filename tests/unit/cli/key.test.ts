import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { limitOf, modelsOf, rateOf, secondsOf } from '../../../src/cli/key/terms';
import { addKeyCommands } from '../../../src/cli/key/command';
import { openKeyBooks } from '../../../src/client/gateway';

describe('the terms of a key on the command line', () => {
  it.each([
    ['30d', 30 * 86_400],
    ['12h', 43_200],
    ['45min', 2_700],
    ['90s', 90],
    ['3650d', 3_650 * 86_400],
  ])('read %s as seconds', (text, seconds) => {
    expect(secondsOf(text)).toBe(seconds);
  });

  it.each(['0d', '3651d', 'd', '1', '-1d', '1y', '1.5h'])('refuse the time %s', (text) => {
    expect(() => secondsOf(text)).toThrow(/a time such as/);
  });

  it('read rates, limits and models', () => {
    expect(rateOf('60/min')).toEqual({ requests: 60, seconds: 60 });
    expect(rateOf('1/s')).toEqual({ requests: 1, seconds: 1 });
    expect(rateOf('1000000/d')).toEqual({ requests: 1_000_000, seconds: 86_400 });
    expect(limitOf('0.000000001')).toBe(1n);
    expect(modelsOf('a, org/b')).toEqual(['a', 'org/b']);
  });

  it.each(['0/min', '1000001/min', '60', '60/week', '/min'])('refuse the rate %s', (text) => {
    expect(() => rateOf(text)).toThrow(/a rate such as/);
  });

  it('refuse amounts and names that are none', () => {
    expect(() => limitOf('0,5')).toThrow(/an amount/);
    expect(() => limitOf('-1')).toThrow(/an amount/);
    expect(() => modelsOf('a,,b')).toThrow(/names of models/);
  });
});

describe('cocoon key', () => {
  let folder: string;
  let out: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cocoon-key-'));
    const nobody = `0:${'0'.repeat(64)}`;
    const config = {
      chain: { endpoint: 'http://127.0.0.1:1', registry: nobody },
      routers: ['http://127.0.0.1:1'],
      ...{ escrow: nobody, signerSeedFile: 'signer.hex', dataDir: 'data' },
    };
    writeFileSync(join(folder, 'client.json'), JSON.stringify(config));
    out = '';
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      out += String(text);
      return true;
    });
    jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
  });
  afterEach(() => {
    jest.restoreAllMocks();
    rmSync(folder, { recursive: true });
  });

  const run = async (...words: string[]): Promise<string> => {
    out = '';
    const cocoon = new Command('cocoon').exitOverride();
    addKeyCommands(cocoon);
    await cocoon.parseAsync(['key', ...words, '--config', join(folder, 'client.json')], { from: 'user' });
    return out;
  };

  it('shows a new key once, lists it without it, and ends it', async () => {
    const shown = await run(
      'create',
      '--name',
      'app',
      '--limit',
      '0.5',
      '--expires',
      '30d',
      '--rate',
      '60/min',
      '--models',
      'a,b',
    );
    const secret = /^(sk-cocoon-\S+)\n/.exec(shown)![1]!;
    const books = openKeyBooks(join(folder, 'data'), () => Date.now() / 1_000);
    expect(books.find(secret)).toMatchObject({
      ...{ name: 'app', limitNano: 500_000_000n, models: ['a', 'b'], revokedAtUnix: null },
      rate: { requests: 60, seconds: 60 },
    });
    const listed = await run('list');
    expect(listed).toMatch(
      /^key_[0-9a-f]{12} {2}sk-cocoon-\.\.\.\S{4} {2}app: active, 0 of 0\.5 TON spent, until /,
    );
    expect(listed).not.toContain(secret);
    expect(await run('revoke', 'app')).toMatch(/^revoked key_[0-9a-f]{12} \(app\)\n$/);
    expect(await run('list')).toContain('app: revoked');
    expect(JSON.parse(await run('list', '--json'))).toMatchObject([
      { name: 'app', state: 'revoked', limit_nano: '500000000', left_nano: '500000000', usage: [] },
    ]);
    books.close();
  });

  it('refuses a second key of the same name, and a key that nobody issued', async () => {
    await run('create', '--name', 'app');
    await expect(run('create', '--name', 'app')).rejects.toMatchObject({ code: 'invalid_request' });
    await run('revoke', 'app');
    await expect(run('create', '--name', 'app')).resolves.toContain('sk-cocoon-');
    await expect(run('revoke', 'nobody')).rejects.toMatchObject({ code: 'not_found' });
  });
});
