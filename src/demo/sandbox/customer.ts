import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openEscrow } from '../../chain/accounts';
import { connectClient, readClientFile, type Client } from '../../client';
import type { KeyBooks } from '../../client/gateway';
import { nano, parseCoins } from '../../protocol/amounts';
import { chainOf, type Ends, type SandboxGround } from './network';
import type { SandboxOptions } from './options';

/** Coins. Room for hundreds of requests at once, so that a test meets the limits of its key and not of a line. */
const WALLET = '2000';
const DEPOSIT = parseCoins('1000');
const BUDGET = parseCoins('900');
const LINES = { firstCap: '50', raiseMin: '10', raiseMax: '50' };
const FUNDED = parseCoins('100');
/** The least there is: no request costs less. */
const NEXT_TO_NOTHING = nano(1n);

/** An escrow with money, and a client that is configured by a file as anybody's is. */
export async function openCustomer(
  ground: SandboxGround,
  routerUrl: string,
  onFault: (text: string) => void,
  ends: Ends,
): Promise<{ client: Client; configFile: string; dataDir: string }> {
  const actor = await ground.person('client', WALLET);
  const signer = ground.keys('client signer');
  const { contract: escrow } = await openEscrow(actor.wallet, {
    registry: ground.registry,
    signer: signer.publicKey,
    signerBudgetNano: BUDGET,
    depositNano: DEPOSIT,
  });
  writeFileSync(join(ground.folder, 'signer.hex'), `${signer.seed.toString('hex')}\n`, { mode: 0o600 });
  const configFile = join(ground.folder, 'client.json');
  const config = {
    chain: chainOf(ground),
    routers: [routerUrl],
    escrow: escrow.toString(),
    signerSeedFile: 'signer.hex',
    dataDir: 'client',
    policy: { allowSimulated: true },
    lines: LINES,
  };
  writeFileSync(configFile, `${JSON.stringify(config, null, 2)}\n`);
  const file = readClientFile(configFile);
  const client = await connectClient(file, {
    onFault: (_, error) => onFault(`${error.code}: ${error.message}`),
  });
  ends.push(() => client.close());
  await client.ready();
  return { client, configFile, dataDir: file.dataDir };
}

/** Where the gateway listens, and a key without limits: what `cocoon escrow --config` asks it with. */
export function tellGateway(configFile: string, { port, ownKey }: { port: number; ownKey: string }): void {
  const apiKeysFile = 'owner.key';
  writeFileSync(join(dirname(configFile), apiKeysFile), `${ownKey}\n`, { mode: 0o600 });
  const config = JSON.parse(readFileSync(configFile, 'utf8')) as object;
  const told = { ...config, gateway: { port, apiKeysFile } };
  writeFileSync(configFile, `${JSON.stringify(told, null, 2)}\n`);
}

/** The keys that the options name: two with money, one with next to none, one with a rate. */
export function issueKeys(books: KeyBooks, { keys, rate }: SandboxOptions): void {
  const terms = { expiresAtUnix: null, models: null, rate: null };
  books.create({ ...terms, name: 'funded', limitNano: FUNDED }, keys.funded);
  books.create({ ...terms, name: 'second', limitNano: FUNDED }, keys.second);
  books.create({ ...terms, name: 'empty', limitNano: NEXT_TO_NOTHING }, keys.empty);
  books.create({ ...terms, name: 'limited', limitNano: FUNDED, rate }, keys.limited);
}
