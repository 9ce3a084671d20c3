import type { Address } from '@ton/core';
import { COIN_SYMBOL, formatCoins } from '../protocol/amounts';
import { CocoonError } from '../protocol/errors';

/** What a wallet's own transaction costs at most, its deployment included; real ones stay below a third of this. */
export const WALLET_FEE_NANO = 10_000_000n;
const REASON_MAX = 200;
const CAUSES_MAX = 8;

/** A wallet that cannot pay: found before anything is sent, for the chain would only drop the message. */
export function checkFunds(
  wallet: Address,
  account: { deployed: boolean; balanceNano: bigint },
  valueNano: bigint,
): void {
  const needed = valueNano + WALLET_FEE_NANO;
  if (account.balanceNano >= needed) return;
  const address = wallet.toString({ bounceable: false });
  const kind = account.deployed ? 'The wallet' : 'The new wallet';
  throw new CocoonError(
    'chain_refused',
    `${kind} ${address} holds ${coins(account.balanceNano)}; this takes up to ${coins(needed)}, fees included.`,
    {
      remedy: `Send it ${coins(needed - account.balanceNano)} or more; if it should hold that, correct WALLET_MNEMONIC, WALLET_VERSION or WALLET_NETWORK_ID.`,
    },
  );
}

/** The endpoint does not answer at all, or not as the API does. */
export function unreachable(endpoint: string, error: unknown): CocoonError {
  return new CocoonError('chain_unavailable', `${endpoint} did not answer: ${reasonOf(error)}.`, {
    cause: error,
    remedy: 'Start what should listen there, or correct the URL; nothing was sent.',
  });
}

/**
 * What Blueprint's HTTP client threw while it sent, as a sentence. Whatever did not come from there, such as a wallet
 * app's refusal, stays as it is.
 */
export function sendingTrouble(error: unknown): unknown {
  if (!isHttpError(error)) return error;
  const reason = refusalIn(error.response?.data);
  if (reason === null) {
    return new CocoonError(
      'chain_unavailable',
      `The endpoint did not take the message: ${reasonOf(error)}.`,
      {
        cause: error,
        remedy: 'Look at the wallet before sending again: the message may still be processed.',
      },
    );
  }
  return new CocoonError('chain_refused', `The chain refused the wallet's message: ${reason}.`, {
    cause: error,
    remedy:
      "Wait for the wallet's last message, and see that this machine's clock agrees with the chain; nothing was spent.",
  });
}

interface HttpError extends Error {
  response?: { data?: unknown };
}

/** Known by its mark: the class itself belongs to a dependency of Blueprint's. */
function isHttpError(error: unknown): error is HttpError {
  return error instanceof Error && 'isAxiosError' in error && error.isAxiosError === true;
}

function refusalIn(data: unknown): string | null {
  if (typeof data !== 'object' || data === null || !('error' in data)) return null;
  return typeof data.error === 'string' ? firstLine(data.error) : null;
}

/** The innermost reason: fetch hides it behind "fetch failed". */
function reasonOf(error: unknown): string {
  type Trouble = Partial<Record<'cause' | 'message' | 'code', unknown>> | null | undefined;
  let innermost = error as Trouble;
  for (let depth = 0; innermost?.cause && depth < CAUSES_MAX; depth++) innermost = innermost.cause;
  const { message, code } = innermost ?? {};
  if (typeof message === 'string' && message !== '') return firstLine(message);
  // Where a name has several addresses the reason has no text, only a code.
  return typeof code === 'string' ? code : 'no reason is known';
}

function firstLine(text: string): string {
  const [line = ''] = text.trim().split('\n');
  return line.slice(0, REASON_MAX).replace(/[.:\s]+$/, '');
}

function coins(amount: bigint): string {
  return `${formatCoins(amount)} ${COIN_SYMBOL}`;
}
