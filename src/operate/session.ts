import { inspect } from 'node:util';
import type { Address, Cell } from '@ton/core';
import type { ActionReport } from '../chain/accounts';
import { createChain, type ConnectedChain } from '../chain/chain';
import { createChainClient, type ChainClient } from '../chain/chainClient';
import type { WalletSender } from '../chain/types';
import { COIN_SYMBOL, formatCoins, nano, type Nano } from '../protocol/amounts';
import { CocoonError } from '../protocol/errors';
import { createAnswers, type Answers } from './answers';
import { createBlueprintWallet, type BlueprintSender } from './blueprintWallet';
import { createDeploymentsFile, networkName, type DeploymentsFile } from './deployments';
import { unreachable } from './trouble';

/** The part of Blueprint's NetworkProvider that is used here. */
export interface BlueprintProvider {
  sender(): BlueprintSender;
  api(): unknown;
  ui(): { write(line: string): void; input(question: string): Promise<string> };
}

/** One command at work: a wallet, a chain, and somebody to ask. */
export interface Session {
  readonly wallet: WalletSender;
  readonly client: ChainClient;
  readonly answers: Answers;
  readonly deployments: DeploymentsFile;
  /** Configuration parameter 19 of the chain. */
  readonly networkId: number;
  say(line: string): void;
  /** The chain as the registry's programs see it; the registry is asked for once, or taken from the deployments file. */
  chain(): Promise<ConnectedChain>;
  /**
   * Does something and says what it cost: by how much the balances of the wallet and of every other account that the
   * money moves between fell together. So whatever moved is not counted, and no fee is missed.
   */
  measured(
    title: string,
    others: readonly Address[],
    action: () => Promise<ActionReport>,
  ): Promise<ActionReport>;
}

const GLOBAL_ID = 19;
/** Where deployments/<network>.json is kept; COCOON_DEPLOYMENTS names another folder. */
const DEPLOYMENTS_FOLDER = 'deployments';

/** Runs one Blueprint command. */
export async function operate(
  provider: BlueprintProvider,
  args: readonly string[],
  command: (session: Session) => Promise<void>,
): Promise<void> {
  try {
    await command(await createSession(provider, args));
  } catch (error) {
    // Blueprint prints whatever a command throws, with stack and causes. What a person can put right needs a sentence.
    if (error instanceof CocoonError) {
      Object.defineProperty(error, inspect.custom, { value: () => `${error.message} ${error.remedy}` });
    }
    throw error;
  }
}

export async function createSession(
  provider: BlueprintProvider,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Session> {
  const ui = provider.ui();
  const say = (line: string): void => ui.write(line);
  const endpoint = endpointOf(provider.api());
  const apiKey = env['TONCENTER_API_KEY'];
  const rpc = { endpoint, ...(apiKey ? { apiKey } : {}) };
  const client = createChainClient(rpc);
  const networkId = await readNetworkId(client, endpoint);

  const answers = createAnswers(args, env, (question) => ui.input(question));
  const deployments = createDeploymentsFile(env['COCOON_DEPLOYMENTS'] ?? DEPLOYMENTS_FOLDER, networkId);
  const wallet = createBlueprintWallet(provider.sender(), {
    client,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    monotonicMs: () => performance.now(),
  });
  say(`network   ${networkName(networkId)} (${networkId})`);
  say(`wallet    ${wallet.address.toString()}`);

  let connected: Promise<ConnectedChain> | undefined;
  const connect = async (): Promise<ConnectedChain> => {
    const known = deployments.read().registry?.address;
    const registry = await answers.text('registry', 'Address of the registry', known);
    return createChain({ ...rpc, registry, networkId });
  };

  return {
    wallet,
    client,
    answers,
    deployments,
    networkId,
    say,
    chain: () => (connected ??= connect()),
    async measured(title, others, action) {
      answers.finish();
      const accounts = [wallet.address, ...others];
      const before = await sumOfBalances(client, accounts);
      const report = await action();
      const fee = nano(before - (await sumOfBalances(client, accounts)));
      say(`done      ${title}`);
      say(`address   ${report.contract.toString()}`);
      say(`spent     ${coins(report.spentNano)} by the wallet`);
      say(`fee       ${coins(fee)}, rent included`);
      return report;
    },
  };
}

async function readNetworkId(client: ChainClient, endpoint: string): Promise<number> {
  const parameter = await client.configParam(GLOBAL_ID).catch((error: unknown) => {
    throw unreachable(endpoint, error);
  });
  if (parameter) return parameter.beginParse().loadInt(32);
  throw new CocoonError('chain_unavailable', `${endpoint} does not tell its network id.`, {
    remedy: 'Name the URL of a v2 JSON-RPC API, which ends in /api/v2/jsonRPC.',
  });
}

/** Says which code stands at an address that was just computed from it. */
export function sayCode(session: Session, code: Cell | null | undefined): string {
  const hash = code?.hash().toString('hex') ?? '';
  session.say(`code      ${hash}`);
  return hash;
}

export function coins(amount: bigint | Nano): string {
  return `${formatCoins(amount)} ${COIN_SYMBOL}`;
}

async function sumOfBalances(client: ChainClient, accounts: readonly Address[]): Promise<bigint> {
  const balances = await Promise.all(
    accounts.map(async (account) => (await client.account(account)).balanceNano),
  );
  return balances.reduce((sum, balance) => sum + balance, 0n);
}

/** Blueprint talks to toncenter's v2 API everywhere, unless it was told another kind. */
function endpointOf(api: unknown): string {
  if (typeof api === 'object' && api !== null && 'parameters' in api) {
    const { parameters } = api;
    if (typeof parameters === 'object' && parameters !== null && 'endpoint' in parameters) {
      if (typeof parameters.endpoint === 'string') return parameters.endpoint;
    }
  }
  throw new CocoonError('invalid_request', 'These commands need an endpoint of the v2 API.', {
    remedy: 'Use --testnet, --mainnet, or --custom <url> without --custom-version.',
  });
}
