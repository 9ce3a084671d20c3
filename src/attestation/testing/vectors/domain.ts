import { topic, type Draft } from './vector';
import type { BodyFields } from '../quoteWriter';

const POLICY = 'DESIGN 5: debug off, SEPT_VE_DISABLE on, no migration, reserved bits zero';
const LITERAL = { onChain: 'unbuildable', forced: 'ERROR_PLATFORM_QUOTE_SIGNATURE' } as const;
const NAMED: Record<number, Pick<Draft, 'refusal' | 'onChain'>> = {
  0: { refusal: 'td-debug', onChain: 'ERROR_PLATFORM_DEBUG' },
  29: { refusal: 'td-migratable', onChain: 'ERROR_PLATFORM_MIGRATABLE' },
  // They are part of the image: whoever lists it has decided about them.
  30: { refusal: 'td-reserved', onChain: 'unseen' },
  31: { refusal: 'td-reserved', onChain: 'unseen' },
  63: { refusal: 'td-reserved', onChain: 'unseen' },
};
const SEPT_VE_DISABLE = 28;

const bits = (...set: number[]): Buffer => {
  const value = Buffer.alloc(8);
  value.writeBigUInt64LE(set.reduce((all, bit) => all | (1n << BigInt(bit)), 0n));
  return value;
};
const body = (
  name: string,
  fields: Partial<BodyFields>,
  rule: string,
  rest: Omit<Draft, 'name' | 'rule' | 'with'>,
): Draft => ({
  name,
  rule,
  with: { body: fields },
  ...rest,
});

/** Every bit of TDATTRIBUTES, one at a time beside SEPT_VE_DISABLE. */
export const ATTRIBUTE_VECTORS = topic('TD attributes', [
  ...Array.from({ length: 64 }, (_, bit) => bit)
    .filter((bit) => bit !== SEPT_VE_DISABLE)
    .map((bit) =>
      body(
        `attribute bit ${bit} set`,
        { tdAttributes: bits(SEPT_VE_DISABLE, bit) },
        POLICY,
        NAMED[bit] ?? { refusal: 'td-reserved', onChain: 'ERROR_PLATFORM_ATTRIBUTES_RESERVED' },
      ),
    ),
  body('no attribute set', { tdAttributes: bits() }, POLICY, {
    refusal: 'td-sept-ve',
    onChain: 'ERROR_PLATFORM_SEPT_VE_ENABLED',
  }),
  body('debugging alone', { tdAttributes: bits(0) }, POLICY, {
    refusal: 'td-debug',
    also: ['td-sept-ve'],
    onChain: 'ERROR_PLATFORM_DEBUG',
  }),
  body(
    'a debug TD by an attestation key that is remembered',
    { tdAttributes: bits(0, SEPT_VE_DISABLE) },
    POLICY,
    { refusal: 'td-debug', onChain: 'ERROR_PLATFORM_DEBUG', kind: 'key', primer: {} },
  ),
  body('protection keys, which the policy allows', { tdAttributes: bits(SEPT_VE_DISABLE, 30) }, POLICY, {
    policy: { allowPks: true },
    onChain: 'accepted',
  }),
  body('key locker, which the policy allows', { tdAttributes: bits(SEPT_VE_DISABLE, 31) }, POLICY, {
    policy: { allowKl: true },
    onChain: 'accepted',
  }),
  body('performance counters, which the policy allows', { tdAttributes: bits(SEPT_VE_DISABLE, 63) }, POLICY, {
    policy: { allowPerfmon: true },
    onChain: 'accepted',
  }),
]);

/** The rest of the body. */
export const BODY_VECTORS = topic('TD body', [
  body(
    'a module of another signer',
    { mrSignerSeam: Buffer.alloc(48, 1) },
    'Intel QVL, QuoteVerifier 4.1.2.4.11.1: MRSIGNERSEAM',
    { refusal: 'module-identity', ...LITERAL },
  ),
  body(
    'a module with attributes',
    { seamAttributes: bits(0) },
    'Intel QVL, QuoteVerifier 4.1.2.4.11.2: SEAMATTRIBUTES are zero',
    { refusal: 'module-identity', also: ['seam-attributes'], ...LITERAL },
  ),
  {
    name: 'a TD bound to a service TD',
    rule: 'DESIGN 5: MRSERVICETD zero',
    with: { form: 'v5-td15', body: { mrServiceTd: Buffer.alloc(48, 1) } },
    refusal: 'service-td',
    ...LITERAL,
  },
  {
    name: 'a service TD of one bit',
    rule: 'DESIGN 5: MRSERVICETD zero',
    with: { form: 'v5-td15', body: { mrServiceTd: Buffer.concat([Buffer.alloc(47), Buffer.of(1)]) } },
    refusal: 'service-td',
    ...LITERAL,
  },
  body('without x87 and SSE', { xfam: bits(1) }, 'Intel TDX module ABI: XFAM bits 0 and 1 are always set', {
    refusal: 'xfam',
    onChain: 'unseen',
  }),
  body(
    'a processor state outside the mask',
    { xfam: bits(0, 1, 40) },
    'This project: XFAM is compared with a mask; the contract has it in the shape',
    { refusal: 'xfam', onChain: 'unseen' },
  ),
  body('x87 and SSE alone', { xfam: bits(0, 1) }, 'Intel TDX module ABI: XFAM bits 0 and 1 are always set', {
    onChain: 'unseen',
  }),
  body(
    'runtime measurements of its own',
    {
      rtmr3: Buffer.alloc(48, 3),
      mrConfigId: Buffer.alloc(48, 4),
      mrOwner: Buffer.alloc(48, 5),
      mrOwnerConfig: Buffer.alloc(48, 6),
    },
    'DESIGN 5: they are part of imageId, which others judge',
    { onChain: 'accepted' },
  ),
  body('any report data', { reportData: Buffer.alloc(64) }, 'DESIGN 5: Worker and Registry judge it', {
    onChain: 'accepted',
  }),
  {
    name: 'report data that the policy expects',
    rule: 'This project: the report data binds what asked for the quote',
    with: { body: { reportData: Buffer.alloc(64, 5) } },
    policy: { reportData: '05'.repeat(64) },
    onChain: 'unseen',
  },
  {
    name: 'other report data than the policy expects',
    rule: 'This project: the report data binds what asked for the quote',
    with: { body: { reportData: Buffer.alloc(64, 6) } },
    policy: { reportData: '05'.repeat(64) },
    refusal: 'report-data',
    onChain: 'unseen',
  },
  {
    name: 'an image that is not on the list',
    rule: 'This project: images by imageId',
    with: {},
    policy: { imageIds: ['11'.repeat(32)] },
    refusal: 'image-id',
    onChain: 'unseen',
  },
  {
    name: 'a shape that is not on the list',
    rule: 'This project: shapes apart from images',
    with: {},
    policy: { shapes: ['11'.repeat(32)] },
    refusal: 'shape',
    onChain: 'unseen',
  },
  {
    name: 'a module that is not on the list',
    rule: 'This project: MRSEAM may be pinned',
    with: {},
    policy: { mrSeams: ['11'.repeat(48)] },
    refusal: 'mr-seam',
    onChain: 'unseen',
  },
]);
