import type { Parts } from './parts';
import type { EvidenceBundle } from './bundle';

/** One link of the chain from an answer to Intel's root, or to money. */
export interface Link {
  name: LinkName;
  /** `not checked` only where there is no proof without the chain, and the chain was not asked. */
  state: 'ok' | 'failed' | 'not checked';
  /** What was found, in values; of a failed link what is wrong with it. */
  detail: string;
}

/** Every link, in its order, with what it says when it holds. docs/audit.md has the same table. */
export const LINKS = {
  bundle: 'the file is whole, and says each thing once',
  network: 'the network and the registry that everything below belongs to',
  answer: 'the hashes of request and answer are those of the job record',
  record: 'the record is of this ticket, and its times fit it',
  inclusion: "the record is a leaf of the receipt's root",
  receipt: "the line's worker key signed the receipt, for this line and escrow",
  ticket: "the escrow's signer permitted this very request, up to a maximum",
  line: 'the line pays this Worker contract',
  ask: 'the worker key signed the prices, and they were in date',
  fee: 'the fee is exactly the price of the counts, and within the maximum',
  'worker-key': 'the key that signed is the one that the statement names',
  statement: 'the statement is of this network and Worker contract, and in date',
  certificate: "the worker key signed the day's encryption key for this statement",
  model: 'the model is one that the statement names',
  'report-data': 'the quote binds the statement, and a recent block',
  quote: 'a TDX quote, signed by its attestation key, which its quoting enclave vouches for',
  processor: "the processor's certificate vouches for the enclave, and is not revoked",
  collateral: "Intel's lists and texts are signed, and in date",
  enclave: 'the quoting enclave is the one that Intel describes',
  tcb: 'firmware and module are at a level that the policy accepts',
  td: 'no debugging, no migration, and nothing outside the policy',
  image: 'the record names the software that the quote measured',
  root: 'the chain of certificates ends at the root',
  freshness: 'the block that the quote binds is one of this chain',
  'allow-list': 'the registry lists image, shape and model, and blocks none of it',
  admission: 'the Worker contract admitted the key for this statement',
  escrow: 'the escrow has the line',
  settlement: 'the line has paid what the receipt says',
} as const satisfies Record<string, string>;

export type LinkName = keyof typeof LINKS;

export const LINK_NAMES = Object.keys(LINKS) as readonly LinkName[];

/** What a link is judged by. */
export interface Case {
  bundle: EvidenceBundle;
  parts: Parts;
  /** Unix seconds: certificates, collateral and statement must be in date then. */
  atUnix: number;
}

/** Answers with what it found; throws RangeError that says what is wrong. */
export type LinkCheck = (at: Case) => string;

/** Throws RangeError with the reason. */
export function demand(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new RangeError(reason);
}
