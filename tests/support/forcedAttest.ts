import { X509Certificate } from 'node:crypto';
import { beginCell, type Address, type Cell } from '@ton/core';
import { parseCertificate } from '../../src/attestation/certificate';
import {
  caText,
  leafText,
  type CertificateValues,
  type LeafValues,
} from '../../src/attestation/onchain/certificateText';
import { FIRST_FIXED_DIGEST, hintCell } from '../../src/attestation/onchain/hint';
import { ATTEST_KINDS, type AttestKind } from '../../src/attestation/onchain/kind';
import { ATTEST_OPCODE } from '../../src/attestation/onchain/message';
import { inverse, mod, P256_G, P256_N, P256_P, slopeFraction } from '../../src/attestation/onchain/p256';
import { p256Multiples } from '../../src/attestation/onchain/p256Multiples';
import { PINNED } from '../../src/attestation/onchain/pinned';
import { certificateTag, keyTag } from '../../src/attestation/onchain/remembered';
import { healthyHeader, healthyQe } from '../../src/attestation/testing/machine';
import { keyId } from '../../src/attestation/testing/certificateWriter';
import type { Minted } from '../../src/attestation/testing/mint';
import { sha256 } from '../../src/protocol/hash';

/**
 * An Attest message for evidence that no honest client would bring: every value is taken from the bytes as it is,
 * nothing is compared, and each hint is right for the text that the contract will write from these values. So what the
 * contract answers is its own refusal, not that of a client.
 */
export function forcedAttest(minted: Minted, kind: AttestKind, provider: Address, index: number): Cell {
  const values = readValues(minted);
  const { body } = values;
  return beginCell()
    .storeUint(ATTEST_OPCODE, 32)
    .storeAddress(provider)
    .storeUint(index, 16)
    .storeUint(ATTEST_KINDS.indexOf(kind), 2)
    .storeUint(['v4', 'v5-td10', 'v5-td15'].indexOf(minted.form), 2)
    .storeBuffer(
      Buffer.concat([values.header.subarray(8, 12), values.header.subarray(28), body.subarray(0, 64)]),
    )
    .storeRef(measuredCell(values, kind))
    .storeRef(forcedHint(values.attestationKey, quoteText(values), values.signature))
    .endCell();
}

type Values = ReturnType<typeof readValues>;

const BODY_END = { v4: 632, 'v5-td10': 638, 'v5-td15': 702 } as const;
const CELL_BYTES = 127;

/** Where each thing stands in a quote of this form; its own sizes are not believed. */
function readValues({ quote, form, machine }: Minted) {
  const end = BODY_END[form];
  const authentication = quote.subarray(end + 4);
  const at = (from: number, length: number): Buffer => authentication.subarray(from, from + length);
  const authDataLength = at(582, 2).readUInt16LE();
  const [leaf, ca] = certificates(authentication.subarray(590 + authDataLength));
  return {
    form,
    header: quote.subarray(0, 48),
    body: quote.subarray(form === 'v4' ? 48 : 54, end),
    signature: at(0, 64),
    attestationKey: at(64, 64),
    report: at(134, 384),
    reportSignature: at(518, 64),
    authData: at(584, authDataLength),
    leaf: { ...leafValues(machine), signature: signatureOf(leaf!) },
    ca: { ...caValues(ca!), signature: signatureOf(ca!) },
  };
}

function certificates(pem: Buffer): Buffer[] {
  const blocks = pem.toString('ascii').match(/-----BEGIN[^]+?-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block).raw);
}

/** r ‖ s behind the text and the algorithm. */
function signatureOf(certificate: Buffer): Buffer {
  const tbsEnd = 8 + certificate.readUInt16BE(6);
  let at = tbsEnd + 12 + 5;
  const half = (): Buffer => {
    const octets = certificate.subarray(at + 2, at + 2 + certificate[at + 1]!);
    at += 2 + octets.length;
    return Buffer.concat([Buffer.alloc(32), octets]).subarray(-32);
  };
  return Buffer.concat([half(), half()]);
}

function leafValues({ leaf, authority }: Minted['machine']): LeafValues {
  const { pck } = leaf;
  const { platform } = pck;
  return {
    serial: BigInt(`0x${leaf.serial.toString('hex')}`),
    notBefore: leaf.notBefore,
    notAfter: leaf.notAfter,
    publicKey: leaf.publicKey,
    keyId: keyId(leaf.publicKey),
    issuerKeyId: authority.keyId,
    ca: platform === null ? 'processor' : 'platform',
    crlAddress: leaf.crlAddress,
    ...pck,
    pceSvn: pck.pceSvn & 0xffff,
    sgxSvns: pck.sgxSvns.map((svn) => svn & 0xff),
    type: pck.sgxType,
    platform: platform && {
      instanceId: platform.instanceId,
      flags: [platform.dynamicPlatform, platform.cachedKeys, platform.smtEnabled],
    },
  };
}

function caValues(certificate: Buffer): CertificateValues & { processor: boolean } {
  const { serial, notBefore, notAfter, publicKey, ski, subjectCn } = parseCertificate(certificate);
  return {
    serial: BigInt(`0x${Buffer.from(serial).toString('hex')}`),
    notBefore,
    notAfter,
    publicKey,
    keyId: ski ?? Buffer.alloc(20),
    issuerKeyId: PINNED.simulated.rootKeyId,
    processor: subjectCn.includes('Processor'),
  };
}

function measuredCell(values: Values, kind: AttestKind): Cell {
  const text = values.body.subarray(120, 584);
  const part = (n: number): Buffer => text.subarray(n * CELL_BYTES, (n + 1) * CELL_BYTES);
  const svn2 = values.form === 'v5-td15' ? values.body.subarray(584, 600) : Buffer.alloc(0);
  const last = beginCell().storeBuffer(Buffer.concat([part(3), svn2, tag(values, kind)]));
  if (kind !== 'key') last.storeRef(qeCell(values, kind));
  return beginCell()
    .storeBuffer(part(0))
    .storeRef(bytesCell(part(1)))
    .storeRef(bytesCell(part(2)))
    .storeRef(last.endCell())
    .endCell();
}

function tag({ leaf, ca, attestationKey, report }: Values, kind: AttestKind): Buffer {
  if (kind === 'ca' || kind === 'leaf') return Buffer.alloc(0);
  const chain = { leaf, ca } as never;
  const quote = { attestationKey, qe: { isvSvn: report.readUInt16LE(258) } } as never;
  const name = Buffer.alloc(4);
  name.writeUInt32BE(kind === 'key' ? keyTag(quote, chain) : certificateTag(chain));
  return name;
}

function qeCell(values: Values, kind: AttestKind): Cell {
  const { report, authData, attestationKey, leaf } = values;
  const cell = beginCell()
    .storeBuffer(attestationKey)
    .storeBuffer(Buffer.concat([report.subarray(0, 16), report.subarray(48, 49), report.subarray(56, 96)]))
    .storeBuffer(report.subarray(258, 260))
    .storeRef(bytesCell(authData))
    .storeRef(forcedHint(leaf.publicKey, qeText(values), values.reportSignature));
  return (kind === 'pck' ? cell : cell.storeRef(leafCell(values, kind))).endCell();
}

function leafCell({ leaf, ca }: Values, kind: AttestKind): Cell {
  const key = kind === 'ca' ? ca.publicKey : PINNED.simulated.platformCaKey;
  const issuerKeyId = kind === 'ca' ? ca.keyId : PINNED.simulated.platformCaKeyId;
  const cell = certificateCell(leaf)
    .storeRef(machineCell(leaf))
    .storeRef(bytesCell(Buffer.from(leaf.crlAddress, 'ascii')))
    .storeRef(forcedHint(key, leafText({ ...leaf, issuerKeyId }), leaf.signature));
  return (kind === 'leaf' ? cell : cell.storeRef(caCell(ca))).endCell();
}

function machineCell(leaf: LeafValues): Cell {
  const bytes = [
    leaf.ppid,
    leaf.cpuSvn,
    leaf.fmspc,
    leaf.pceId,
    Buffer.of(leaf.pceSvn >> 8, leaf.pceSvn & 0xff),
  ];
  const cell = beginCell()
    .storeBuffer(Buffer.concat([...bytes, Buffer.from(leaf.sgxSvns)]))
    .storeUint(leaf.type, 5);
  if (leaf.platform === null) return cell.endCell();
  for (const flag of leaf.platform.flags) cell.storeBit(flag);
  return cell.storeBuffer(Buffer.from(leaf.platform.instanceId)).endCell();
}

function caCell(ca: Values['ca']): Cell {
  const text = caText(ca, ca.processor ? 'processor' : 'platform');
  return beginCell()
    .storeBit(ca.processor)
    .storeBuilder(certificateCell(ca))
    .storeRef(forcedHint(PINNED.simulated.rootKey, text, ca.signature))
    .endCell();
}

const certificateCell = ({ serial, notBefore, notAfter, publicKey, keyId: id }: CertificateValues) =>
  beginCell()
    .storeUint(serial, 160)
    .storeUint(notBefore, 32)
    .storeUint(notAfter, 32)
    .storeBuffer(Buffer.from(publicKey))
    .storeBuffer(Buffer.from(id));

/** What the contract writes from a quote's values. */
function quoteText({ form, header, body }: Values): Buffer {
  const start = Buffer.from(form === 'v4' ? '0400020081000000' : '0500020081000000', 'hex');
  const descriptor = { v4: '', 'v5-td10': '020048020000', 'v5-td15': '030088020000' }[form];
  const { vendorId } = healthyHeader(4);
  return Buffer.concat([
    ...[start, header.subarray(8, 12), vendorId, header.subarray(28), Buffer.from(descriptor, 'hex')],
    ...[body.subarray(0, 64), Buffer.alloc(56), body.subarray(120, 584)],
    ...(form === 'v5-td15' ? [body.subarray(584, 600), Buffer.alloc(48)] : []),
  ]);
}

/** What the contract writes from a QE report's values. */
function qeText({ report, attestationKey, authData }: Values): Buffer {
  return Buffer.concat([
    ...[report.subarray(0, 16), Buffer.alloc(32), report.subarray(48, 49), Buffer.alloc(7)],
    ...[report.subarray(56, 96), Buffer.alloc(32), healthyQe().mrSigner, Buffer.alloc(96)],
    ...[Buffer.of(2, 0), report.subarray(258, 260), Buffer.alloc(60)],
    ...[sha256(attestationKey, authData), Buffer.alloc(32)],
  ]);
}

/** A hint by the formulas, for a signature that may be none. Where there is no inverse, zeros stand in. */
function forcedHint(key: Uint8Array, text: Uint8Array, signature: Buffer): Cell {
  const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  const [r, s] = [number(signature.subarray(0, 32)), number(signature.subarray(32))];
  const [x, y] = [number(key.subarray(0, 32)), number(key.subarray(32))];
  if (r % P256_N === 0n) return hintCell({ r, s, u: 0n, multiple: P256_G, slope: 0n });
  const k = mod((number(sha256(text)) - FIRST_FIXED_DIGEST) * inverse(mod(r, P256_N), P256_N), P256_N);
  const multiple = p256Multiples().ofBase(k);
  const [rise, run] = slopeFraction({ x, y }, multiple);
  const slope = mod(rise * inverse(mod(run, P256_P), P256_P), P256_P);
  return hintCell({ r, s, u: mod(FIRST_FIXED_DIGEST + P256_G.x * k, P256_N), multiple, slope });
}

const bytesCell = (...parts: readonly Uint8Array[]): Cell =>
  beginCell().storeBuffer(Buffer.concat(parts)).endCell();
