import { keyFromSeed } from '../keys';
import { QE_AUTH_DATA } from '../machine';
import { MINTED_AT, type MintOverrides } from '../mint';
import { qeReportData } from '../quoteWriter';
import { topic, type Draft } from './vector';

const CACHED = 'DESIGN 5: keys are remembered whole, with their dates; every check is made on every path';
const NOT_CACHED = 'ERROR_PLATFORM_KEY_NOT_CACHED';

const stranger = keyFromSeed('stranger');
/** Another attestation key of the same machine, for which its quoting enclave vouches. */
const newKey: MintOverrides = {
  quoteKey: stranger,
  shownKey: stranger.publicKey,
  qe: { reportData: qeReportData(stranger.publicKey, QE_AUTH_DATA) },
};
/** The machine's certificate of a year later, for the same key. */
const renewed: MintOverrides = { leaf: { notBefore: MINTED_AT - 60, notAfter: MINTED_AT + 400_000_000 } };
/** The machine after an update: the same key under another certificate. */
const updated: MintOverrides = { pck: { sgxSvns: new Array<number>(16).fill(9) } };

const onPck = { kind: 'pck', primer: {} } as const;
const onKey = { kind: 'key', primer: {} } as const;
const draft = (
  name: string,
  overrides: MintOverrides,
  rest: Omit<Draft, 'name' | 'rule' | 'with'>,
): Draft => ({ name, rule: CACHED, with: overrides, ...rest });

/** Short ways through the contract: what was verified before is not believed of anything else. */
export const REMEMBERED_VECTORS = topic('remembered', [
  draft('a new attestation key under a remembered certificate', newKey, { ...onPck, onChain: 'accepted' }),
  draft('a new attestation key as if it were remembered', newKey, { ...onKey, onChain: NOT_CACHED }),
  draft('a renewed certificate as if it were remembered', renewed, { ...onPck, onChain: NOT_CACHED }),
  draft("a remembered key's certificate with other dates", renewed, { ...onKey, onChain: NOT_CACHED }),
  draft("a remembered key's certificate with other SVNs", updated, { ...onKey, onChain: NOT_CACHED }),
  draft('a remembered certificate with other SVNs', updated, { ...onPck, onChain: NOT_CACHED }),
  draft(
    'a quoting enclave of another level under a remembered certificate',
    { qe: { isvSvn: 9 } },
    { ...onPck, onChain: 'accepted' },
  ),
  draft(
    'a quoting enclave of another level for a remembered key',
    { qe: { isvSvn: 9 } },
    { ...onKey, onChain: NOT_CACHED },
  ),
  draft(
    'a QE report signed by a stranger, under a remembered certificate',
    { qeKey: stranger },
    { ...onPck, refusal: 'qe-report-signature', onChain: 'ERROR_PLATFORM_QE_SIGNATURE' },
  ),
  draft(
    'a debug quoting enclave under a remembered certificate',
    { qe: { attributes: Buffer.from('1700000000000000e700000000000000', 'hex') } },
    { ...onPck, refusal: 'qe-identity', onChain: 'ERROR_PLATFORM_QE_ATTRIBUTES' },
  ),
  draft(
    'a quote signed by a stranger, under a remembered certificate',
    { quoteKey: stranger },
    { ...onPck, refusal: 'quote-signature', onChain: 'ERROR_PLATFORM_QUOTE_SIGNATURE' },
  ),
  draft(
    'a changed bit in MRTD, by a remembered key',
    { bytes: flippedMrTd },
    { ...onKey, refusal: 'quote-signature', onChain: 'ERROR_PLATFORM_QUOTE_SIGNATURE' },
  ),
  draft(
    'a service TD, by a remembered key',
    { form: 'v5-td15', body: { mrServiceTd: Buffer.alloc(48, 1) } },
    { ...onKey, refusal: 'service-td', onChain: 'unbuildable', forced: 'ERROR_PLATFORM_QUOTE_SIGNATURE' },
  ),
  draft(
    'a migratable TD under a remembered certificate',
    { body: { tdAttributes: Buffer.from('0000003000000000', 'hex') } },
    { ...onPck, refusal: 'td-migratable', onChain: 'ERROR_PLATFORM_MIGRATABLE' },
  ),
  draft(
    'a reserved attribute, by a remembered key',
    { body: { tdAttributes: Buffer.from('0000001001000000', 'hex') } },
    { ...onKey, refusal: 'td-reserved', onChain: 'ERROR_PLATFORM_ATTRIBUTES_RESERVED' },
  ),
]);

function flippedMrTd(quote: Buffer): Buffer {
  const changed = Buffer.from(quote);
  changed[184] = changed[184]! ^ 1;
  return changed;
}
