import { Address } from '@ton/core';
import type { GovernanceMessage, GovernanceMessageName } from '../../wrappers/governanceMessages';
import { formatCoins, parseCoins } from '../protocol/amounts';
import { CocoonError } from '../protocol/errors';
import { hex } from './words';

/** How one kind of value is written by people, and read again. */
interface FieldKind {
  show(value: unknown): string;
  /** Throws for what is none. */
  parse(text: string): unknown;
  form: string;
}

const bytes = (size: number): FieldKind => ({
  show: (value) => hex(value as bigint, size),
  parse(text) {
    if (!new RegExp(`^(0x)?[0-9a-fA-F]{${size * 2}}$`).test(text)) throw new RangeError('no such bytes');
    return BigInt(`0x${text.replace(/^0x/, '')}`);
  },
  form: `${size} bytes in hex`,
});

const integer = (bits: number): FieldKind => ({
  show: (value) => String(value),
  parse(text) {
    if (!/^\d{1,20}$/.test(text) || BigInt(text) >> BigInt(bits) > 0n) throw new RangeError('out of range');
    return BigInt(text);
  },
  form: `a whole number below 2^${bits}`,
});

const address: FieldKind = {
  show: (value) => (value as Address).toString(),
  parse: (text) => Address.parse(text),
  form: 'an address',
};
const coins: FieldKind = {
  show: (value) => formatCoins(value as bigint),
  parse: (text) => parseCoins(text),
  form: 'coins such as 1.25',
};
const text: FieldKind = { show: (value) => String(value), parse: (given) => given, form: 'a text' };
const hash = bytes(32);

/** Fields of each order in the order of its TL-B line; those of AllowTcb's floor stand beside its family. */
const FIELDS: { readonly [K in GovernanceMessageName]: Readonly<Record<string, FieldKind>> } = {
  OfferOwnership: { newOwner: address },
  AcceptOwnership: {},
  Seal: {},
  SetParameters: {
    minStake: coins,
    unbondingSeconds: integer(32),
    protocolFeeBps: integer(16),
    routerDeposit: coins,
    treasury: address,
  },
  SetGuardian: { guardian: address },
  AllowImage: { imageId: hash, role: integer(8), expiresAt: integer(32) },
  RevokeImage: { imageId: hash },
  AllowShape: { shape: hash },
  RevokeShape: { shape: hash },
  AllowModel: { modelHash: hash, name: text },
  RevokeModel: { modelHash: hash },
  AllowTcb: {
    fmspc: bytes(6),
    pceId: integer(16),
    pceSvn: integer(16),
    sgxSvns: bytes(16),
    teeTcbSvn: bytes(16),
    qeIsvSvn: integer(16),
  },
  RevokeTcb: { fmspc: bytes(6) },
  Block: { subject: hash },
  Unblock: { subject: hash },
  ExecuteOrder: { order: hash },
  CancelOrder: { order: hash },
};

export interface OrderField {
  name: string;
  value: string;
}

/** Everything that an order says, raw: what somebody needs to make the same body again. */
export function fieldsOf(order: GovernanceMessage): OrderField[] {
  const flat: Record<string, unknown> =
    order.$$type === 'AllowTcb' ? { ...order, ...order.floor } : { ...order };
  return Object.entries(FIELDS[order.$$type]).map(([name, kind]) => ({ name, value: kind.show(flat[name]) }));
}

/**
 * The order of this name (`allowImage` or `AllowImage`) with these fields. Throws CocoonError `invalid_request` that names what is
 * unknown, missing or in another form.
 */
export function orderFrom(name: string, given: ReadonlyMap<string, string>): GovernanceMessage {
  const type = typeOf(name);
  const kinds = FIELDS[type];
  const strange = [...given.keys()].filter((field) => !(field in kinds));
  if (strange.length > 0) {
    throw invalid(
      `${type} has no field ${strange.join(', ')}; there are: ${Object.keys(kinds).join(', ') || 'none'}.`,
    );
  }
  const values = Object.entries(kinds).map(([field, kind]): [string, unknown] => {
    const said = given.get(field);
    if (said === undefined) throw invalid(`${type} needs ${field}=<${kind.form}>.`);
    try {
      return [field, kind.parse(said)];
    } catch (cause) {
      throw invalid(`${field} cannot be "${said}": it is ${kind.form}.`, cause);
    }
  });
  return assembled(type, Object.fromEntries(values));
}

function assembled(type: GovernanceMessageName, values: Record<string, unknown>): GovernanceMessage {
  if (type !== 'AllowTcb') return { $$type: type, ...values } as GovernanceMessage;
  const { fmspc, ...floor } = values;
  return { $$type: type, fmspc, floor: { $$type: 'TcbFloor', ...floor } } as GovernanceMessage;
}

function typeOf(name: string): GovernanceMessageName {
  const type = `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
  if (type in FIELDS) return type as GovernanceMessageName;
  const known = Object.keys(FIELDS).map((known) => `${known[0]!.toLowerCase()}${known.slice(1)}`);
  throw invalid(`There is no order "${name}"; there are: ${known.join(', ')}.`);
}

function invalid(message: string, cause?: unknown): CocoonError {
  return new CocoonError('invalid_request', message, cause === undefined ? {} : { cause });
}
