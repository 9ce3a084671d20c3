import { extension } from '../certificateWriter';
import * as der from '../derWriter';
import { SGX_EXTENSION_OID, type PckFields } from '../leaf';
import type { MintOverrides } from '../mint';
import { topic, type Draft, type PlatformError } from './vector';

const RULE = 'Intel SGX PCK certificate and CRL profile specification: SGX extension';
const SIGNED = 'ERROR_PLATFORM_LEAF_SIGNATURE';
/** A cell of the contract's message has its one number of bits: the VM itself refuses any other. */
const MALFORMED = 'exit code 9';

const nines = (count: number) => new Array<number>(count).fill(9);
const part = (path: string, value: Buffer) => der.sequence(der.oid(`${SGX_EXTENSION_OID}.${path}`), value);
const SGX = 5;
const only = (...parts: Buffer[]) => ({
  leafTwist: {
    extensions: (all: Buffer[]) =>
      all.map((one, i) => (i === SGX ? extension(SGX_EXTENSION_OID, der.sequence(...parts)) : one)),
  },
});

function defect(name: string, overrides: MintOverrides, forced: PlatformError | 'unseen'): Draft {
  return { name, rule: RULE, with: overrides, refusal: 'pck-extension', onChain: 'unbuildable', forced };
}

const values = (
  name: string,
  pck: Partial<PckFields>,
  forced: PlatformError | 'unseen',
  known: object = {},
) => defect(name, { pck, collateral: { tcbInfo: { content: (info) => ({ ...info, ...known }) } } }, forced);

/** What Intel certifies of the machine, in another form than Intel's. */
export const SGX_EXTENSION_VECTORS = topic('SGX extension', [
  values('a PPID of 15 bytes', { ppid: Buffer.alloc(15, 1) }, 'ERROR_PLATFORM_OTHER_PLATFORM'),
  values('an FMSPC of 5 bytes', { fmspc: Buffer.alloc(5, 1) }, MALFORMED, { fmspc: '010101010101' }),
  values('a PCEID of 3 bytes', { pceId: Buffer.alloc(3) }, MALFORMED, { pceId: '0000' }),
  values('an SGX component of 256', { sgxSvns: [256, ...nines(15)] }, SIGNED),
  values('15 SGX components', { sgxSvns: nines(15) }, MALFORMED),
  values('17 SGX components', { sgxSvns: nines(17) }, MALFORMED),
  values('a PCESVN of 65,536', { pceSvn: 65_536 }, SIGNED),
  // Intel alone can sign it, and nothing depends on it: the contract takes the number as it is.
  values('an SGX type of 3', { sgxType: 3 }, 'unseen'),
  defect('an SGX extension with a PPID alone', only(part('1', der.octetString(Buffer.alloc(16)))), SIGNED),
  defect('an empty SGX extension', only(), SIGNED),
  defect(
    'a leaf without an SGX extension',
    { leafTwist: { extensions: (all) => all.filter((_, i) => i !== SGX) } },
    SIGNED,
  ),
  defect(
    'an SGX extension that is an octet string',
    {
      leafTwist: {
        extensions: (all) =>
          all.map((one, i) =>
            i === SGX ? extension(SGX_EXTENSION_OID, der.octetString(Buffer.alloc(8))) : one,
          ),
      },
    },
    SIGNED,
  ),
  defect(
    'a leaf of the processor CA with the flags of the platform CA',
    { ca: 'processor', pck: { platform: flags() } },
    MALFORMED,
  ),
  defect('a leaf of the platform CA without its flags', { pck: { platform: null } }, MALFORMED),
]);

function flags(): NonNullable<PckFields['platform']> {
  return { instanceId: Buffer.alloc(16, 9), dynamicPlatform: true, cachedKeys: true, smtEnabled: true };
}
