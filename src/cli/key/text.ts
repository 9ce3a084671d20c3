import { leftNano, type IssuedKey, type KeyBooks } from '../../client/gateway';
import { COIN_SYMBOL, formatCoins } from '../../protocol/amounts';
import { counted, when } from '../escrow/text';

/** For `--json`: amounts are decimal strings, times Unix seconds. */
export function keyJson(key: IssuedKey, books: KeyBooks, nowUnix: number): object {
  const spending = books.spending(key.id);
  return {
    id: key.id,
    name: key.name,
    hint: key.hint,
    state: stateOf(key, nowUnix),
    created_at: key.createdAtUnix,
    expires_at: key.expiresAtUnix,
    revoked_at: key.revokedAtUnix,
    limit_nano: key.limitNano,
    spent_nano: spending.spentNano,
    reserved_nano: spending.reservedNano,
    left_nano: leftNano(key, spending),
    rate: key.rate,
    models: key.models,
    usage: spending.models.map(({ model, requests, spentNano }) => ({
      model,
      requests,
      spent_nano: spentNano,
    })),
  };
}

/** One line per key, and one per model that it was used for. */
export function keyText(key: IssuedKey, books: KeyBooks, nowUnix: number): string {
  const { spentNano, reservedNano, models } = books.spending(key.id);
  const limit = key.limitNano === null ? '' : ` of ${formatCoins(key.limitNano)}`;
  const reserved = reservedNano === 0n ? '' : `, ${formatCoins(reservedNano)} reserved`;
  const parts = [
    `${key.id}  ${key.hint}  ${key.name}: ${stateOf(key, nowUnix)}`,
    `${formatCoins(spentNano)}${limit} ${COIN_SYMBOL} spent${reserved}`,
    ...(key.expiresAtUnix === null ? [] : [`until ${when(key.expiresAtUnix)}`]),
    ...(key.rate === null ? [] : [`${counted(key.rate.requests, 'request')} in ${key.rate.seconds} s`]),
    ...(key.models === null ? [] : [`only ${key.models.join(', ')}`]),
  ];
  const usage = models.map(
    ({ model, requests, spentNano: spent }) =>
      `    ${model}: ${counted(requests, 'request')}, ${formatCoins(spent)} ${COIN_SYMBOL}`,
  );
  return [parts.join(', '), ...usage].join('\n');
}

function stateOf({ revokedAtUnix, expiresAtUnix }: IssuedKey, nowUnix: number): string {
  if (revokedAtUnix !== null) return 'revoked';
  return expiresAtUnix !== null && nowUnix >= expiresAtUnix ? 'expired' : 'active';
}
