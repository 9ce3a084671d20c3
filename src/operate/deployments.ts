import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CocoonError } from '../protocol/errors';

const account = z.strictObject({
  address: z.string(),
  /** Hex; the code that the address was computed from. */
  codeHash: z.string().regex(/^[0-9a-f]{64}$/),
  /** Who it belongs to: owner, provider, client or operator. */
  owner: z.string(),
});

/**
 * What was deployed on one network: deployments/<network>.json. The chain is the truth; this file saves typing and
 * says in review what exists.
 */
const deploymentsSchema = z.strictObject({
  version: z.literal(1),
  networkId: z.number().int(),
  registry: account.nullable(),
  workers: z.array(account.extend({ index: z.number().int() })).max(10_000),
  routers: z.array(account).max(10_000),
  escrows: z.array(account.extend({ salt: z.string() })).max(10_000),
});
export type Deployments = z.infer<typeof deploymentsSchema>;
export type DeployedAccount = z.infer<typeof account>;

const NAMES = new Map([
  [-239, 'mainnet'],
  [-3, 'testnet'],
]);

/** The chain's own id names the network, so that no flag can mix two of them up. */
export function networkName(networkId: number): string {
  return NAMES.get(networkId) ?? `devnet${networkId}`;
}

export interface DeploymentsFile {
  readonly path: string;
  read(): Deployments;
  write(change: (deployments: Deployments) => Deployments): void;
}

export function createDeploymentsFile(folder: string, networkId: number): DeploymentsFile {
  const path = join(folder, `${networkName(networkId)}.json`);

  function read(): Deployments {
    if (!existsSync(path)) {
      return { version: 1, networkId, registry: null, workers: [], routers: [], escrows: [] };
    }
    const parsed = deploymentsSchema.safeParse(parseJson(readFileSync(path, 'utf8')));
    if (!parsed.success || parsed.data.networkId !== networkId) {
      throw new CocoonError(
        'invalid_request',
        `${path} is not a list of deployments on network ${networkId}.`,
        {
          remedy: 'Correct the file, or move it away.',
        },
      );
    }
    return parsed.data;
  }

  return {
    path,
    read,
    write(change) {
      const text = `${JSON.stringify(change(read()), null, 2)}\n`;
      mkdirSync(folder, { recursive: true });
      writeFileSync(`${path}.new`, text);
      renameSync(`${path}.new`, path);
    },
  };
}

/** `list` with `entry` in the place of the same address. */
export function withAccount<T extends DeployedAccount>(list: readonly T[], entry: T): T[] {
  return [...list.filter(({ address }) => address !== entry.address), entry];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
