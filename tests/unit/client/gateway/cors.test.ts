import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { startScripted, stopScripted } from './scripted';

afterEach(stopScripted);

const PAGE = 'http://localhost:3000';
const EVIL = 'http://evil.example';
const listOf = (text: string | null): string[] => (text ?? '').split(', ');

describe('a web page at the gateway', () => {
  const preflight = async (url: string, headers: Record<string, string> = {}): Promise<Headers> => {
    const init = { method: 'OPTIONS', headers: { origin: PAGE, ...headers } };
    const answer = await fetch(`${url}/chat/completions`, init);
    expect(answer.status).toBe(204);
    return answer.headers;
  };

  it('may send every header that the openai package writes, each by its name', async () => {
    const { url } = await startScripted(() => Response.json({}), { corsOrigins: [PAGE] });
    const allowed = listOf((await preflight(url)).get('access-control-allow-headers'));
    const written = [
      ...headersOfThePackage(),
      'authorization',
      'content-type',
      'user-agent',
      'accept',
      'idempotency-key',
    ];
    expect(written.length).toBeGreaterThan(15);
    expect(allowed).toEqual(expect.arrayContaining(written));
    expect(allowed).not.toContain('*');
  });

  it('may read every header that answers carry, on answers and on errors', async () => {
    const { url } = await startScripted((_, n) => Response.json({}, { status: n === 0 ? 200 : 404 }), {
      corsOrigins: [PAGE],
    });
    for (const path of ['/models', '/nothing', '/cocoon/key?x']) {
      const { headers } = await fetch(url + path, { headers: { origin: PAGE } });
      expect(headers.get('access-control-allow-origin')).toBe(PAGE);
      expect(headers.get('vary')).toBe('origin');
      expect(listOf(headers.get('access-control-expose-headers'))).toEqual(
        expect.arrayContaining([
          ...['x-request-id', 'x-cocoon-cost-nano', 'x-cocoon-receipt-id', 'x-cocoon-worker'],
          ...['x-ratelimit-remaining-requests', 'retry-after-ms', 'x-should-retry'],
        ]),
      );
    }
  });

  it('gets leave for HEAD, GET and POST, and for a private address when it asks', async () => {
    const { url } = await startScripted(() => Response.json({}), { corsOrigins: [PAGE] });
    expect((await preflight(url)).get('access-control-allow-methods')).toBe('GET, HEAD, POST, OPTIONS');
    const asked = { 'access-control-request-private-network': 'true' };
    expect((await preflight(url, asked)).get('access-control-allow-private-network')).toBe('true');
    expect((await preflight(url)).get('access-control-allow-private-network')).toBeNull();
  });

  it('gets nothing when it is not named', async () => {
    const { url } = await startScripted(() => Response.json({}), { corsOrigins: [PAGE] });
    const headers = await preflight(url, { origin: EVIL });
    expect(headers.get('access-control-allow-origin')).toBeNull();
    const { headers: answer } = await fetch(`${url}/models`, { headers: { origin: EVIL } });
    expect(answer.get('access-control-allow-origin')).toBeNull();
  });
});

/** Names between quotes in the package's own code. */
function headersOfThePackage(): string[] {
  const root = dirname(require.resolve('openai'));
  const found = new Set<string>();
  const read = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) read(path);
      else if (entry.name.endsWith('.js')) {
        const names = readFileSync(path, 'utf8').matchAll(
          /['"]((?:x-stainless|openai)-[a-z-]+)['"]\s*[:,\]]/gi,
        );
        for (const [, name] of names) found.add(name!.toLowerCase());
      }
    }
  };
  for (const part of ['internal', 'lib', 'resources', 'core']) read(join(root, part));
  for (const [, name] of readFileSync(join(root, 'client.js'), 'utf8').matchAll(
    /'((?:X-Stainless|OpenAI)-[A-Za-z-]+)'/g,
  )) {
    found.add(name!.toLowerCase());
  }
  // What the server tells the package.
  found.delete('openai-poll-after-ms');
  return [...found];
}
