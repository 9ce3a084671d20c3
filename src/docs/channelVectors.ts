import {
  ChunkKind,
  createReplySealer,
  encodeContent,
  encodeRequestPlaintext,
  encodeResponseHead,
  encodeSettlement,
  hpkeKeyPairFromPrivate,
  requestBucket,
  sealRequest,
  splitContent,
  type ReplyContext,
  type RequestHead,
} from '../channel';
import { keySchedule } from '../channel/hpke';
import { encap } from '../channel/kem';
import { responseKeys } from '../channel/responseKeys';
import { nano } from '../protocol/amounts';
import { sha256 } from '../protocol/hash';
import { JobOutcome, jobRecordFields, type JobRecord } from '../protocol/jobRecord';
import { leafHash, prove } from '../protocol/mountainRange';
import { sampleOf, seededBytes } from './samples';

/** The channel's golden vectors by file name: from fixed keys, so that another implementation gets the same bytes. */
export function channelVectorFiles(): Record<string, unknown[]> {
  return { request: REQUESTS.map(requestVector), reply: REPLIES.map(replyVector), bucket: buckets() };
}

const CHAT = '{"model":"tiny","messages":[{"role":"user","content":"Grüße"}]}';
const BOUNDARY = 'multipart/form-data; boundary=cocoon-0';
/** Every byte value stands in the file, line ends and dashes among them. */
const FORM = Buffer.concat([
  Buffer.from('--cocoon-0\r\ncontent-disposition: form-data; name="file"; filename="a.ogg"\r\n\r\n'),
  Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
  Buffer.from('\r\n--cocoon-0--\r\n'),
]);

const REQUESTS: { name: string; head: RequestHead; body: Buffer }[] = [
  {
    name: 'a chat in JSON',
    head: post('/v1/chat/completions', 'application/json'),
    body: Buffer.from(CHAT),
  },
  { name: 'a form with a sound', head: post('/v1/audio/transcriptions', BOUNDARY), body: FORM },
  {
    name: 'no body',
    head: { method: 'GET', path: '/v1/models', headers: {} },
    body: Buffer.alloc(0),
  },
];

function post(path: string, contentType: string): RequestHead {
  const headers = { 'content-type': contentType, 'x-cocoon-ask': seededBytes('ask', 32).toString('hex') };
  return { method: 'POST', path, headers };
}

/** `shared`, `key` and `baseNonce` are HPKE's own; `secret` is exported for the reply. */
function requestVector({ name, head, body }: (typeof REQUESTS)[0]): unknown {
  const label = (field: string): string => `channel.${name}.${field}`;
  const recipient = hpkeKeyPairFromPrivate(seededBytes(label('recipient'), 32));
  const ephemeral = hpkeKeyPairFromPrivate(seededBytes(label('ephemeral'), 32));
  const binding = {
    statementHash: seededBytes(label('statementHash'), 32),
    escrowDomain: seededBytes(label('escrowDomain'), 32),
    lineId: seededBytes(label('lineId'), 20),
    jobId: seededBytes(label('jobId'), 16),
  };
  const facts = {
    jobId: binding.jobId,
    issuedAt: 1_900_000_000,
    notAfter: 1_900_000_120,
    modelHash: seededBytes(label('modelHash'), 32),
    maxFee: nano(123_456_789_012n),
  };
  const plaintext = encodeRequestPlaintext({ ...facts, head, body });
  const sealed = sealRequest({ ...binding, recipientKey: recipient.publicKey, plaintext, ephemeral });
  const info = Buffer.concat([Buffer.from('cocoon/request/v1\0', 'latin1'), binding.statementHash]);
  const { shared } = encap(recipient.publicKey, ephemeral);
  const { key, baseNonce } = keySchedule(shared, info);
  const { enc, secret } = sealed.replyContext;
  return {
    name,
    recipientPrivateKey: recipient.privateKey,
    recipientKey: recipient.publicKey,
    ephemeralPrivateKey: ephemeral.privateKey,
    ...binding,
    ...{ info, aad: Buffer.concat([binding.escrowDomain, binding.lineId, binding.jobId]) },
    request: { ...facts, head, body },
    ...{ plaintext, enc, shared, key, baseNonce },
    ciphertext: sealed.ciphertext,
    requestHash: sha256(sealed.ciphertext),
    secret,
  };
}

const REPLIES: { name: string; contentType: string; pieces: string[] }[] = [
  { name: 'one piece of JSON', contentType: 'application/json', pieces: ['{"choices":[]}'] },
  {
    name: 'a stream whose end carries nothing',
    contentType: 'text/event-stream',
    pieces: ['data: {"choices":[{"delta":{"content":"Grü"}}]}\n\n', 'data: [DONE]\n\n', ''],
  },
  {
    name: 'a piece that just fills its class, and one that just does not',
    contentType: 'text/plain',
    pieces: ['', 'x'.repeat(510), 'y'.repeat(511), 'z'],
  },
];

/** `chunks` are payloads of chunk frames, in order; `responseHash` is over the contents among them. */
function replyVector({ name, contentType, pieces }: (typeof REPLIES)[0]): unknown {
  const label = (field: string): string => `channel.${name}.${field}`;
  const context: ReplyContext = {
    enc: seededBytes(label('enc'), 32),
    secret: seededBytes(label('secret'), 32),
  };
  const responseNonce = seededBytes(label('responseNonce'), 32);
  const head = { status: 200, headers: { 'content-type': contentType } };
  const data = [Buffer.concat([encodeResponseHead(head), Buffer.from(pieces[0]!)]), ...pieces.slice(1)];
  const contents = data.flatMap((piece) => splitContent(Buffer.from(piece)));
  const sealer = createReplySealer(context, responseNonce);
  const chunk = (kind: ChunkKind, plaintext: Buffer) => ({
    plaintext,
    payload: sealer.seal(kind, plaintext),
  });
  const chunks = contents.map((content, i) => {
    const kind = i === contents.length - 1 ? ChunkKind.LastContent : ChunkKind.Content;
    return { kind, data: content, ...chunk(kind, encodeContent(content)) };
  });
  const responseHash = sealer.responseHash();
  const settlement = chunk(ChunkKind.Settlement, settlementOf(responseHash));
  return {
    name,
    ...context,
    responseNonce,
    ...responseKeys(context, responseNonce),
    head,
    chunks: [...chunks, { kind: ChunkKind.Settlement, ...settlement }],
    responseHash,
  };
}

function settlementOf(responseHash: Buffer): Buffer {
  const sample = sampleOf(jobRecordFields, 'seeded') as unknown as JobRecord;
  const leaves = [leafHash(Buffer.from([0])), leafHash(Buffer.from([1])), leafHash(Buffer.from([2]))];
  return encodeSettlement({ ...sample, responseHash, outcome: JobOutcome.Completed }, prove(leaves, 2));
}

function buckets(): unknown[] {
  const sizes = [0, 1_024, 1_025, 2_048, 2_049, 65_535, 65_536, 65_537, 73_728, 73_729, 1_048_576, 1_048_577];
  return sizes.map((bytes) => ({ bytes, padded: requestBucket(bytes) }));
}
