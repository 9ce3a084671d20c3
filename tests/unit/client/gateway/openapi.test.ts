import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isModelPath } from '../../../../src/client/modelAnswer';
import { MODEL_PATHS } from '../../../../src/client/modelRequest';
import { ERROR_CODES } from '../../../../src/protocol/errors';
import { HELLO } from '../network/setup';
import { startGateway, stopGateways } from './running';

interface Document {
  openapi: string;
  paths: Record<string, Record<string, Op>>;
  components: {
    schemas: Record<string, object>;
    headers: Record<string, object>;
    responses: Record<string, { description: string }>;
  };
}
interface Op {
  operationId: string;
  security?: object[];
  requestBody?: { content: Record<string, object> };
  responses: Record<string, { $ref?: string; headers?: object }>;
}

const ROOT = join(__dirname, '../../../..');
const COMMITTED = JSON.parse(readFileSync(join(ROOT, 'docs/openapi.json'), 'utf8')) as Document;
const OPERATIONS = Object.entries(COMMITTED.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, op]) => ({ path, method, op })),
);
/** Headers that HTTP itself brings. */
const PLAIN = [
  'connection',
  'content-type',
  'content-length',
  'date',
  'keep-alive',
  'transfer-encoding',
  'cache-control',
  'www-authenticate',
  'allow',
];

afterEach(stopGateways);

describe('the OpenAPI document', () => {
  it('is served without a key as it is committed', async () => {
    const { url } = await startGateway({ apiKeys: ['k'] });
    const answer = await fetch(url.replace(/v1$/, 'openapi.json'));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual(COMMITTED);
  });

  it('names each operation once, and resolves every reference', () => {
    expect(COMMITTED.openapi).toBe('3.1.0');
    const ids = OPERATIONS.map(({ op }) => op.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const refs = [...JSON.stringify(COMMITTED).matchAll(/"\$ref":"#\/components\/(\w+)\/([^"]+)"/g)];
    expect(refs.length).toBeGreaterThan(50);
    for (const [, kind, name] of refs) {
      expect(COMMITTED.components[kind as keyof Document['components']]).toHaveProperty([name!]);
    }
  });

  it.each(OPERATIONS.map(({ path, method, op }) => [op.operationId, method, path, op] as const))(
    'tells of %s what the gateway does',
    async (_, method, path, op) => {
      const { url } = await startGateway({ apiKeys: ['k'], simulated: true });
      const target =
        url.replace(/\/v1$/, '') + path.replace('{model}', HELLO.model).replace('{receipt}', '0'.repeat(32));
      const send = (key: string, verb = method): Promise<Response> => {
        const type = Object.keys(op.requestBody?.content ?? {})[0];
        const body =
          type === undefined
            ? {}
            : { body: bodyOf(path), headers: { ...headersFor(type), authorization: `Bearer ${key}` } };
        return fetch(target, {
          method: verb.toUpperCase(),
          headers: { authorization: `Bearer ${key}` },
          ...body,
        });
      };
      const answers = [await send('k'), await send('wrong'), await send('k', 'DELETE')];
      expect(answers[1]!.status === 401).toBe(op.security === undefined);
      expect(answers[2]!.status).toBe(path === '/healthz' ? 200 : 405);
      for (const answer of answers) {
        const told = op.responses[String(answer.status)];
        expect({ status: answer.status, told: told !== undefined }).toMatchObject({ told: true });
        for (const name of answer.headers.keys()) {
          if (!PLAIN.includes(name)) expect(COMMITTED.components.headers).toHaveProperty([name]);
        }
        expect(answer.headers.get('x-request-id')).toBeTruthy();
        if (answer.status < 400) continue;
        const { error } = (await answer.json()) as { error: { code: string } };
        expect(COMMITTED.components.responses[told!.$ref!.split('/').at(-1)!]!.description).toContain(
          `\`${error.code}\``,
        );
      }
    },
  );

  it('has every path that the client answers by a model', () => {
    const posts = OPERATIONS.filter(({ method }) => method === 'post').map(({ path }) => path);
    expect(posts.every(isModelPath)).toBe(true);
    expect(posts).toEqual(expect.arrayContaining(Object.keys(MODEL_PATHS)));
  });

  it('has every error that the code of the client can answer with', () => {
    const told = Object.values(COMMITTED.components.responses)
      .map(({ description }) => description)
      .join('\n');
    const thrown = new Set<string>();
    for (const file of sourcesOf(join(ROOT, 'src/client'))) {
      for (const [, code] of readFileSync(file, 'utf8').matchAll(/CocoonError\(\s*'(\w+)'/g))
        thrown.add(code!);
    }
    expect(thrown.size).toBeGreaterThan(30);
    const served = [...thrown].filter((code) => code in ERROR_CODES && !told.includes(`\`${code}\``));
    expect(served).toEqual([]);
  });
});

function headersFor(type: string): Record<string, string> {
  return { 'content-type': type === 'multipart/form-data' ? `${type}; boundary=b` : type };
}

/** The least that is answered; the network of this test hears nothing, and says so. */
function bodyOf(path: string): string {
  if (path.endsWith('/transcriptions')) {
    return '--b\r\ncontent-disposition: form-data; name="model"\r\n\r\ntiny\r\n--b--\r\n';
  }
  const asked = path.endsWith('/embeddings') || path.endsWith('/responses') ? { input: 'Hi' } : HELLO;
  return JSON.stringify({ ...asked, model: HELLO.model });
}

function sourcesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}
