import { CocoonError } from '../protocol/errors';
import { escrowDomain, workerDomain } from '../protocol/domain';
import { parseJobRecord, type JobRecord } from '../protocol/jobRecord';
import { parseLine, type Line } from '../protocol/line';
import { decodeProof, type InclusionProof } from '../protocol/mountainRange';
import {
  askLayout,
  decodeSigned,
  hpkeCertificateLayout,
  receiptLayout,
  ticketLayout,
  type Ask,
  type HpkeCertificate,
  type Receipt,
  type Signed,
  type Ticket,
} from '../protocol/signed';
import { parseStatement, type Statement } from '../protocol/statement';
import type { EvidenceBundle } from './bundle';
import { accountHash, fromBase64, fromHex } from './text';

/** A bundle's parts, decoded when first asked for. Each throws RangeError that says which part cannot be read, and why. */
export interface Parts {
  registry: Buffer;
  escrow: Buffer;
  worker: Buffer;
  signer: Buffer;
  quote: Buffer;
  models: readonly Buffer[];
  recordImage: Buffer;
  statementImage: Buffer;
  escrowDomain(): Buffer;
  workerDomain(): Buffer;
  record(): JobRecord;
  proof(): InclusionProof;
  receipt(): Signed<Receipt>;
  ticket(): Signed<Ticket>;
  line(): Line;
  ask(): Signed<Ask>;
  certificate(): Signed<HpkeCertificate>;
  statement(): Statement;
}

export function partsOf(bundle: EvidenceBundle): Parts {
  const bytes = {
    record: fromBase64(bundle.record),
    statement: fromBase64(bundle.statement),
  };
  const [registry, escrow, worker] = [bundle.registry, bundle.escrow.address, bundle.worker].map(accountHash);
  const networkId = bundle.network.id;
  const scope = { networkId, registry: registry! };
  return {
    registry: registry!,
    escrow: escrow!,
    worker: worker!,
    signer: fromHex(bundle.escrow.signer),
    quote: fromBase64(bundle.quote),
    models: bundle.models.map(fromHex),
    recordImage: bytes.record,
    statementImage: bytes.statement,
    escrowDomain: part("escrow's domain", () =>
      escrowDomain({ ...scope, self: escrow! }, BigInt(bundle.escrow.born)),
    ),
    workerDomain: part("worker's domain", () => workerDomain({ ...scope, self: worker! })),
    record: part('record', () => parseJobRecord(bytes.record)),
    proof: part('proof', () => decodeProof(fromBase64(bundle.proof))),
    receipt: part('receipt', () => decodeSigned(receiptLayout, fromBase64(bundle.receipt))),
    ticket: part('ticket', () => decodeSigned(ticketLayout, fromBase64(bundle.ticket))),
    line: part('line', () => parseLine(fromBase64(bundle.line))),
    ask: part('ask', () => decodeSigned(askLayout, fromBase64(bundle.ask))),
    certificate: part('certificate', () =>
      decodeSigned(hpkeCertificateLayout, fromBase64(bundle.certificate)),
    ),
    statement: part('statement', () => parseStatement(bytes.statement)),
  };
}

/** Reads once; afterwards the same value, or the same fault, again. */
function part<T>(name: string, read: () => T): () => T {
  let known: { value: T } | { fault: RangeError } | null = null;
  return () => {
    known ??= attempt(name, read);
    if ('fault' in known) throw known.fault;
    return known.value;
  };
}

function attempt<T>(name: string, read: () => T): { value: T } | { fault: RangeError } {
  try {
    return { value: read() };
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof CocoonError)) throw error;
    return { fault: new RangeError(`the ${name} cannot be read: ${error.message}`) };
  }
}
