import { FrameKind } from '../../../src/protocol/wire';
import { lineImage } from '../../../src/protocol/line';
import { createRig, codeOf, readFrames, type Rig } from './support/rig';
import { answerWith } from './support/fakeWorker';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
afterEach(() => rig.close());

const BODY = Buffer.from('ciphertext of a request');

test('router relays a job and hands on the reply unchanged, the receipt last', async () => {
  const receipt = rig.client.receipt(rig.worker);
  const chunks = [Buffer.alloc(100, 1), Buffer.alloc(60_000, 2)];
  const fake = await rig.link({ onJob: (stream) => answerWith(stream, chunks, receipt) });
  await fake.accepted;
  const job = rig.client.job(BODY);
  const response = await rig.post(job);
  expect(response.status).toBe(200);
  const { frames, cut } = await readFrames(response);
  expect(cut).toBe(false);
  expect(frames.map(({ kind }) => kind)).toEqual([FrameKind.Head, FrameKind.Chunk, FrameKind.Chunk, FrameKind.Receipt]);
  expect(frames.slice(1, 3).map(({ payload }) => Buffer.from(payload))).toEqual(chunks);
  expect(Buffer.from(frames[3]!.payload)).toEqual(receipt);
  expect(fake.jobs).toEqual([job]);

  const stored = await fetch(`${rig.router.url}/v1/lines/${rig.client.lineId.toString('hex')}/receipt`);
  expect(await stored.json()).toEqual({
    receipt: receipt.toString('base64'),
    line: lineImage(rig.client.line).toString('base64'),
    escrow: rig.client.escrow.toString('hex'),
  });
});

test('router answers 503 while the worker of the line is not linked', async () => {
  const response = await rig.post(rig.client.job(BODY));
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('2');
  expect(await codeOf(response)).toBe('no_attested_worker');
});
