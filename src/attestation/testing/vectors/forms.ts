import { PCK_CRL_ADDRESS } from '../leaf';
import { tcbLevel, type TcbInfo } from '../tcbInfo';
import { topic, type Draft } from './vector';

const FORMS = 'Intel TDX DCAP quoting library API, appendix 3: quote formats 4 and 5';
const PROFILE = 'Intel SGX PCK certificate and CRL profile specification, 1.5 and 1.6';
const PADDED = 'Nothing signs what follows the authentication data; clouds pad quotes';
const DER = 'X.690 8.3: an INTEGER takes the fewest octets that keep its sign';
const CACHED = 'DESIGN 5: keys that were verified once are remembered with their dates';

/** Levels that a machine with these SVNs reaches. */
const reachable = (info: TcbInfo): TcbInfo => ({
  ...info,
  tcbLevels: [tcbLevel({ status: 'UpToDate', sgx: new Array<number>(16).fill(0), pceSvn: 0 })],
});
const anyLevel = { tcbInfo: { content: reachable } };

const svns = (...first: number[]) => [...first, ...new Array<number>(16 - first.length).fill(7)];

/** Every form that genuine evidence takes. */
export const FORM_VECTORS = topic('forms', [
  { name: 'version 4, platform CA', rule: FORMS, with: {}, onChain: 'accepted', tcbStatus: 'UpToDate' },
  {
    name: 'version 4, platform CA, its certificate verified too',
    rule: FORMS,
    with: {},
    kind: 'ca',
    onChain: 'accepted',
  },
  {
    name: 'version 5, body 1.0',
    rule: FORMS,
    with: { form: 'v5-td10' },
    onChain: 'accepted',
    tcbStatus: 'UpToDate',
  },
  {
    name: 'version 5, body 1.5',
    rule: FORMS,
    with: { form: 'v5-td15' },
    onChain: 'accepted',
    tcbStatus: 'UpToDate',
  },
  { name: 'version 4, processor CA', rule: PROFILE, with: { ca: 'processor' }, onChain: 'accepted' },
  {
    name: 'version 5, body 1.0, processor CA',
    rule: PROFILE,
    with: { ca: 'processor', form: 'v5-td10' },
    onChain: 'accepted',
  },
  {
    name: 'version 5, body 1.5, processor CA',
    rule: PROFILE,
    with: { ca: 'processor', form: 'v5-td15' },
    onChain: 'accepted',
  },
  ...(['v4', 'v5-td10', 'v5-td15'] as const).flatMap((form): Draft[] => [
    {
      name: `${form} by a machine whose certificate is remembered`,
      rule: CACHED,
      with: { form },
      kind: 'pck',
      primer: {},
      onChain: 'accepted',
    },
    {
      name: `${form} by an attestation key that is remembered`,
      rule: CACHED,
      with: { form },
      kind: 'key',
      primer: {},
      onChain: 'accepted',
    },
  ]),
  {
    name: 'processor CA, by a machine whose certificate is remembered',
    rule: CACHED,
    with: { ca: 'processor' },
    kind: 'pck',
    primer: { ca: 'processor' },
    onChain: 'accepted',
  },
  {
    name: 'by an attestation key that nobody showed before',
    rule: CACHED,
    with: {},
    kind: 'key',
    onChain: 'ERROR_PLATFORM_KEY_NOT_CACHED',
  },
  {
    name: 'by a machine that nobody showed before, as if it were known',
    rule: CACHED,
    with: {},
    kind: 'pck',
    onChain: 'ERROR_PLATFORM_KEY_NOT_CACHED',
  },
  {
    name: 'processor CA, as if its key were known without its certificate',
    rule: 'DESIGN 5: the platform CA alone is a literal beside the root',
    with: { ca: 'processor' },
    kind: 'leaf',
    onChain: 'unbuildable',
    forced: 'exit code 9',
  },
  {
    name: 'of another machine than the Platform is for',
    rule: 'DESIGN 5: PPID = this platform',
    with: {},
    otherPlatform: true,
    onChain: 'ERROR_PLATFORM_OTHER_PLATFORM',
  },
]);

/** Values that take another number of bytes, or that are rarely seen. */
export const VALUE_VECTORS = topic('values', [
  ...[127, 128, 255].flatMap((svn): Draft[] => [
    {
      name: `SGX component 0 is ${svn}`,
      rule: DER,
      with: { pck: { sgxSvns: svns(svn) }, collateral: anyLevel },
      onChain: 'accepted',
    },
    {
      name: `SGX component 15 is ${svn}`,
      rule: DER,
      with: { pck: { sgxSvns: [...svns().slice(1), svn] }, collateral: anyLevel },
      onChain: 'accepted',
    },
  ]),
  {
    name: 'every SGX component is 255',
    rule: DER,
    with: { pck: { sgxSvns: new Array<number>(16).fill(255) } },
    onChain: 'accepted',
  },
  {
    name: 'every SGX component is 0',
    rule: DER,
    with: { pck: { sgxSvns: new Array<number>(16).fill(0) }, collateral: anyLevel },
    onChain: 'accepted',
  },
  {
    name: 'every SGX component of a processor CA leaf is 255',
    rule: DER,
    with: { ca: 'processor', pck: { sgxSvns: new Array<number>(16).fill(255) } },
    onChain: 'accepted',
  },
  ...[0, 127, 128, 255, 256, 32_767, 32_768, 65_535].map((pceSvn): Draft => ({
    name: `PCESVN is ${pceSvn}`,
    rule: DER,
    with: { pck: { pceSvn }, collateral: anyLevel },
    onChain: 'accepted',
  })),
  ...[
    ['01', 'of one byte'],
    ['80', 'of one byte with its highest bit set'],
    ['00ff', 'of one byte, written with a zero before it'],
    ['7fffffffffffffffffffffffffffffffffffffff', 'as high as it is written with 20 bytes'],
    ['ffffffffffffffffffffffffffffffffffffffff', 'as high as it can be'],
  ].map(([serial, words]): Draft => ({
    name: `serial number ${words}`,
    rule: DER,
    with: { leaf: { serial: Buffer.from(serial!, 'hex') } },
    onChain: 'accepted',
  })),
  {
    name: "an older address of the leaf's revocation list",
    rule: PROFILE,
    with: {
      leaf: { crlAddress: PCK_CRL_ADDRESS.platform.replace('/v4/', '/v3/').replace('&encoding=der', '') },
    },
    onChain: 'accepted',
  },
  ...[0, 1, 2].map((sgxType): Draft => ({
    name: `SGX type ${sgxType}`,
    rule: PROFILE,
    with: { pck: { sgxType } },
    onChain: 'accepted',
  })),
  ...[true, false].map((flag): Draft => ({
    name: `all flags of the platform ${flag ? 'set' : 'clear'}`,
    rule: PROFILE,
    with: {
      pck: {
        platform: {
          instanceId: Buffer.alloc(16, 9),
          dynamicPlatform: flag,
          cachedKeys: flag,
          smtEnabled: flag,
        },
      },
    },
    onChain: 'accepted',
  })),
  {
    name: 'an SVN of the CPU that is not made of the components',
    rule: PROFILE,
    with: { pck: { cpuSvn: Buffer.alloc(16, 0xee) } },
    onChain: 'accepted',
  },
  {
    name: 'another user data and other numbers in the header',
    rule: FORMS,
    with: { header: { svns: Buffer.from('0b000600', 'hex'), userData: Buffer.alloc(20, 0xab) } },
    onChain: 'accepted',
  },
  ...[0, 3065].map((length): Draft => ({
    name: `${length} zero bytes behind it`,
    rule: PADDED,
    with: { container: { padding: Buffer.alloc(length) } },
    onChain: 'unseen',
  })),
  {
    name: '39 other bytes behind it',
    rule: PADDED,
    with: { container: { padding: Buffer.alloc(39, 0xa5) } },
    onChain: 'unseen',
  },
  {
    name: 'a chain without the zero byte at its end',
    rule: 'RFC 7468: the text ends with its last line; C adds a zero byte',
    with: { chainBytes: (bytes) => bytes.subarray(0, -1) },
    onChain: 'unseen',
  },
  {
    name: 'a chain with carriage returns',
    rule: 'RFC 7468, 2: lines may end with CRLF',
    with: { chainBytes: (bytes) => Buffer.from(bytes.toString('ascii').replaceAll('\n', '\r\n'), 'ascii') },
    onChain: 'unseen',
  },
]);

/** The same level info with another order or spelling of what is equal. */
export const SPELLING_VECTORS = topic('spelling', [
  {
    name: 'levels of the TCB info in another order',
    rule: 'Intel QVL, TcbLevelCheck: levels are an ordered set, best first',
    with: {
      collateral: { tcbInfo: { content: (info) => ({ ...info, tcbLevels: [...info.tcbLevels].reverse() }) } },
    },
    tcbStatus: 'UpToDate',
    onChain: 'unseen',
  },
  {
    name: 'FMSPC in lower case',
    rule: 'Intel QVL, TcbInfo parser: hex of either case',
    with: { collateral: { tcbInfo: { content: (info) => ({ ...info, fmspc: info.fmspc.toLowerCase() }) } } },
    onChain: 'unseen',
  },
  {
    name: 'a TCB info with a field that nobody knows',
    rule: 'Intel QVL, JsonParser: fields are looked up by name',
    with: { collateral: { tcbInfo: { content: (info) => ({ ...info, later: 1 }) } } },
    onChain: 'unseen',
  },
]);
