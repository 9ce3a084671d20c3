import fc from 'fast-check';
import { histories, type Action } from './actions';
import { play } from './history';

const RUNS = 60;
const [JOB, OTHER_JOB]: Action[] = [5, 7].map((feeNano) => ({ kind: 'job', line: 0, feeNano, reaches: 1 }));

describe('an honest worker', () => {
  it('never signs two receipts that contradict each other, whatever restarts, crashes and copies it goes through', async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (actions) => {
        expect((await play(actions, { withMark: false })).contradiction).toBeNull();
      }),
      { numRuns: RUNS },
    );
  }, 120_000);

  const putBack: Action[] = [JOB!, { kind: 'copy' }, JOB!, { kind: 'put back' }, OTHER_JOB!];

  it('gets another key when its directory is put back from a copy', async () => {
    expect(await play(putBack, { withMark: false })).toMatchObject({ contradiction: null, keys: 2 });
  });

  it('would contradict itself if the mark beside its directory were put back, too', async () => {
    const { contradiction, keys } = await play(putBack, { withMark: true });
    expect(keys).toBe(1);
    expect(
      [contradiction!.first, contradiction!.second].map(({ value }) => [value.jobs, value.total]),
    ).toEqual([
      [2n, 10n],
      [2n, 12n],
    ]);
  });

  it('is safe from that, too, once the machine was started anew', async () => {
    const afterBoot: Action[] = [...putBack.slice(0, 4), { kind: 'reboot' }, OTHER_JOB!];
    expect(await play(afterBoot, { withMark: true })).toMatchObject({ contradiction: null, keys: 2 });
  });
});
