import {
  CLIENTS,
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
