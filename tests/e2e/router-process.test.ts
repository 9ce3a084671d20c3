import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { createDevnet, type Devnet } from '../../src/devnet/devnet';
import { DEVNET_NETWORK_ID } from '../../src/devnet/network';
import { orderBookSchema } from '../../src/protocol/wire';

const ROOT = resolve(__dirname, '..', '..');
const REGISTRY = `0:${'11'.repeat(32)}`;

let devnet: Devnet;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'router-process-'));
  devnet = await createDevnet({
    ...{ dataDir: null, host: '127.0.0.1', port: 0, blockIntervalMs: 0, networkId: DEVNET_NETWORK_ID },
  });
});
afterAll(async () => {
  await devnet.close();
  rmSync(directory, { recursive: true, force: true });
});

function config(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    listen: { port: 0 },
    chain: { endpoint: devnet.apiUrl, registry: REGISTRY, devnet: devnet.url },
    ledger: join(directory, 'receipts.sqlite'),
    logLevel: 'info',
    ...change,
  };
}

function start(file: unknown): ChildProcess {
  const path = join(directory, 'router.json');
  writeFileSync(path, typeof file === 'string' ? file : JSON.stringify(file));
  return spawn(process.execPath, ['--import', 'tsx', 'src/router/main.ts', '--config', path, '--json'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Exit code and standard error of a start that must fail. */
async function failure(file: unknown): Promise<[number | null, string]> {
  const child = start(file);
  let text = '';
  child.stderr!.on('data', (part: Buffer) => (text += part.toString()));
  const code = await new Promise<number | null>((done) => child.once('close', done));
  return [code, text];
}

test('router starts from its file, serves, and drains on SIGTERM', async () => {
  const child = start(config({ fee: { bps: 250, to: 'ab'.repeat(20) } }));
  let logged = '';
  child.stderr!.on('data', (part: Buffer) => (logged += part.toString()));
  const exited = new Promise<number | null>((done) => child.once('close', done));
  const first = await new Promise<string>((found) =>
    createInterface({ input: child.stdout! }).once('line', found),
  );
  const { url } = JSON.parse(first) as { url: string };

  const book = orderBookSchema.parse(await (await fetch(`${url}/v1/book`)).json());
  expect(book).toMatchObject({ networkId: DEVNET_NETWORK_ID, registry: '11'.repeat(32), entries: [] });
  expect(book.router).toEqual({ feeBps: 250, feeTo: 'ab'.repeat(20) });
  expect((await fetch(`${url}/readyz`)).status).toBe(200);

  child.kill('SIGTERM');
  expect(await exited).toBe(0);
  expect(logged).toMatch('router closed');
  expect(readFileSync(join(directory, 'receipts.sqlite')).subarray(0, 15).toString()).toBe('SQLite format 3');
});

test('router lists every problem of its file and starts nothing', async () => {
  const [code, text] = await failure(
    config({ listen: { port: 70_000 }, feee: {}, limits: { jobs: 0, oops: 1 } }),
  );
  expect(code).toBe(1);
  for (const problem of ['port', 'feee', 'jobs', 'oops']) expect(text).toMatch(problem);
});

test('router does not start without its chain, or on a file that is no JSON', async () => {
  const nowhere = { endpoint: 'http://127.0.0.1:1/api', registry: REGISTRY, networkId: -3 };
  expect(await failure(config({ chain: nowhere }))).toEqual([
    1,
    expect.stringContaining('TON endpoint') as string,
  ]);
  const [code, text] = await failure('{');
  expect(code).toBe(1);
  expect(text).toMatch('JSON');
});
