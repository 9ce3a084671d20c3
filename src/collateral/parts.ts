import { fromHex, toHex } from '../attestation/bytes';
import { parseCrl } from '../attestation/crl';
import { parseQeIdentity } from '../attestation/qeIdentity';
import { parseTcbInfo } from '../attestation/tcbInfo';
import { CollateralError } from './errors';
import type { Answer } from './http';
import { MAX_HEADER_CHARACTERS, MAX_LIST_BYTES, MAX_TEXT_BYTES } from './limits';
import type { PlatformFamily } from './platform';

/** The four answers that make up collateral, each with its address, its form and its date. */

/** One answer, as it is cached: strings in the forms of attestation/collateral.ts. */
export interface Part {
  /** PEM; empty for the root's list, whose issuer everybody knows. */
  chain: string;
  /** A signed text, or a list in hex. */
  content: string;
  /** Hex; empty for lists, which carry theirs. */
  signature: string;
}

export interface PartKind {
  /** Name of the cached file. */
  name(family: PlatformFamily): string;
  url(server: Server, family: PlatformFamily): string;
  maxBytes: number;
  /** Throws CollateralError `collateral_malformed`. */
  read(answer: Answer): Part;
  /** Unix seconds at which Intel will have a newer one; throws AttestationError where the content is none. */
  nextUpdate(part: Part): number;
}

/** A service with Intel's API, version 4: Intel's own, or a caching one of a data centre. */
export interface Server {
  /** Without a slash at the end. */
  baseUrl: string;
  rootCrlUrl: string;
}

export const PARTS = {
  tcbInfo: {
    name: ({ fmspc }) => `tcb-info-${fmspc}`,
    url: ({ baseUrl }, { fmspc }) => `${baseUrl}/tdx/certification/v4/tcb?fmspc=${fmspc}`,
    maxBytes: MAX_TEXT_BYTES,
    read: ({ body, headers }) => readText(body, 'tcbInfo', chainOf(headers, ['TCB-Info-Issuer-Chain'])),
    nextUpdate: ({ content }) => parseTcbInfo(content).nextUpdate,
  },
  qeIdentity: {
    name: () => 'qe-identity',
    url: ({ baseUrl }) => `${baseUrl}/tdx/certification/v4/qe/identity`,
    maxBytes: MAX_TEXT_BYTES,
    read: ({ body, headers }) => readText(body, 'enclaveIdentity', chainOf(headers, IDENTITY_HEADERS)),
    nextUpdate: ({ content }) => parseQeIdentity(content).nextUpdate,
  },
  pckCrl: {
    name: ({ ca }) => `pck-crl-${ca}`,
    url: ({ baseUrl }, { ca }) => `${baseUrl}/sgx/certification/v4/pckcrl?ca=${ca}&encoding=der`,
    maxBytes: MAX_LIST_BYTES,
    read: ({ body, headers }) => readList(body, chainOf(headers, ['SGX-PCK-CRL-Issuer-Chain'])),
    nextUpdate: ({ content }) => parseCrl(fromHex(content)).nextUpdate,
  },
  rootCrl: {
    name: () => 'root-crl',
    url: ({ rootCrlUrl }) => rootCrlUrl,
    maxBytes: MAX_LIST_BYTES,
    read: ({ body }) => readList(body, ''),
    nextUpdate: ({ content }) => parseCrl(fromHex(content)).nextUpdate,
  },
} as const satisfies Record<string, PartKind>;

export type PartName = keyof typeof PARTS;

/** Intel's documentation and its service differ in this name. */
const IDENTITY_HEADERS = ['SGX-Enclave-Identity-Issuer-Chain', 'Enclave-Identity-Issuer-Chain'];

function chainOf(headers: Headers, names: readonly string[]): string {
  const value = names.map((name) => headers.get(name)).find((found) => found !== null);
  if (value === undefined || value === null) return fail(`the header ${names.join(' or ')} is missing`);
  if (value.length > MAX_HEADER_CHARACTERS) fail(`the header ${names[0]} is too long`);
  try {
    return decodeURIComponent(value);
  } catch {
    return fail(`the header ${names[0]} is not URL-encoded`);
  }
}

/** The signed text must come out as it went in, so it is cut out of the answer and not written anew. */
function readText(body: Uint8Array, key: string, chain: string): Part {
  const text = new TextDecoder().decode(body).trim();
  const match = /^\{"([A-Za-z]+)":(\{.*\}),"signature":"([0-9a-fA-F]{128})"\}$/s.exec(text);
  if (match?.[1] === key) return { chain, content: match[2]!, signature: match[3]! };
  return fail(`the answer is not {"${key}":...,"signature":...}`);
}

/** DER, or the hex of it, which caching services send. */
function readList(body: Uint8Array, chain: string): Part {
  const text = new TextDecoder('latin1').decode(body).trim();
  if (/^30([0-9a-fA-F]{2})+$/.test(text)) return { chain, content: text.toLowerCase(), signature: '' };
  if (body[0] === 0x30) return { chain, content: toHex(body), signature: '' };
  return fail('the answer is no revocation list');
}

function fail(reason: string): never {
  throw new CollateralError('collateral_malformed', reason);
}
