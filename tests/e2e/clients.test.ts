import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SANDBOX_DEFAULTS } from '../../src/demo/sandbox/options';
import {
  asLiteLlm,
  EXAMPLES,
  liteLlmEntries,
  liteLlmProvider,
  missing,
  OVER_SDK,
  runExample,
  runSdkExample,
  THROUGH_GATEWAY,
} from './clients/examples';
import {
  CHAT,
  CLIENTS,
  EAR,
  REFUSED,
  WORKS,
  type Cell,
  type ClientId,
  type Feature,
  type Refusal,
} from './clients/features';
import { CELLS } from './clients/list';
import { readPage } from './clients/page';
import { openScene, type ClientScene } from './clients/scene';
import { NETWORK_START_MS } from './support/network';

const NAMES: Record<Feature, string> = { ...WORKS, ...REFUSED };

test('reader of docs/compatibility.md finds the cells as they are; `npx tsx tests/e2e/clients/main.ts` writes it', () => {
  const { current, wanted } = readPage();
  expect(current).toBe(wanted);
});

test('reader of examples/README.md finds each command that is tested, and no other', () => {
  const page = readFileSync(join(EXAMPLES, 'README.md'), 'utf8');
  const named = [...page.matchAll(/\| `((?:node|python3|sh|npx) [^`]+)` \|/g)].map(([, command]) => command);
  expect(named).toEqual([...THROUGH_GATEWAY, OVER_SDK].map(({ command }) => command));
});

describe('through the gateway', () => {
  let scene: ClientScene;
  beforeAll(async () => void (scene = await openScene()), NETWORK_START_MS);
  afterAll(() => scene?.close());

  describe.each(Object.entries(CLIENTS) as [ClientId, string][])('%s', (client) => {
    const cells = Object.entries(CELLS[client]) as [Feature, Cell][];
    test.each(cells.map(([feature, cell]) => [NAMES[feature], endOf(cell), cell] as const))(
      '%s: %s',
      async (_name, _end, { run, refusal }) => {
        if (refusal) expect(await refusalOf(run(scene))).toEqual(refusal);
        else await run(scene);
      },
    );
  });

  describe('an example of examples/README.md', () => {
    test.each(THROUGH_GATEWAY)('runs: $command', async (example) => {
      const why = missing(example);
      if (why !== null) return console.warn(`skipped ${example.command}: ${why}`);
      expect(await runExample(example, scene)).toMatch(example.prints);
    });

    test(`runs: ${OVER_SDK.command}`, async () => {
      expect(await runSdkExample(scene)).toMatch(OVER_SDK.prints);
    });

    test('names what LiteLLM asks for: models that the gateway serves, where it is', async () => {
      const entries = liteLlmEntries();
      expect(entries.map(({ model }) => `acme/${model}`)).toEqual([CHAT, EAR]);
      for (const entry of entries) expect((await asLiteLlm(entry, scene)).status).toBe(200);
      expect(liteLlmProvider()).toEqual({
        ...{ base_url: `http://127.0.0.1:${SANDBOX_DEFAULTS.port}/v1`, api_base_env: 'COCOON_API_BASE' },
        api_key_env: 'COCOON_API_KEY',
      });
    });
  });
});

function endOf({ refusal }: Cell): string {
  return refusal ? `${refusal.status} ${refusal.code}` : 'works';
}

/** What the package tells of a refusal; the AI SDK hands the body on as text. */
async function refusalOf(asked: Promise<unknown>): Promise<Refusal | null> {
  return asked.then(
    () => null,
    (error: Refusal & { statusCode?: number; responseBody?: string }) => {
      if (error.responseBody === undefined) {
        const { status, code, param } = error;
        return { status, code, param };
      }
      const body = JSON.parse(error.responseBody) as { error: Refusal };
      return { status: error.statusCode!, code: body.error.code, param: body.error.param };
    },
  );
}
