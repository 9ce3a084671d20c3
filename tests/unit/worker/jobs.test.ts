import { leafHash, rootFromProof } from '../../../src/protocol/mountainRange';
import { receiptLayout, ticketLayout, verifySigned } from '../../../src/protocol/signed';
import { openReply } from './support/testClient';
import { createWorld, type World } from './support/world';

describe('a worker serves jobs', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(() => world.end());

  it('worker answers a sealed request with sealed content, a provable record and a receipt', async () => {
    const job = world.job();
    const reply = await world.send(job);
    expect(reply.code).toBeNull();
    const opened = openReply(job, reply.frames);
    expect(opened.status).toBe(200);
    expect(JSON.parse(opened.body)).toMatchObject({
      model: 'tiny',
      choices: [{ message: { content: 'hello' } }],
    });

    const { record, image, proof } = opened.settlement;
    expect(record).toMatchObject({ promptTokens: 7, completionTokens: 5, fee: 17n, outcome: 1 });
    expect(record.ticketHash).toEqual(ticketLayout.hash(job.ticket));
    expect(record.responseHash).toEqual(opened.responseHash);
    const { value } = opened.receipt;
    expect(verifySigned(receiptLayout, opened.receipt, world.worker.workerKey)).toBe(true);
    expect(value).toMatchObject({ total: 17n, jobs: 1n, flags: 0, lineId: job.ticket.lineId });
    expect(rootFromProof(leafHash(image), proof)).toEqual(value.jobsRoot);
  });
});
