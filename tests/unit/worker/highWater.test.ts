import { cpSync, existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { highWaterFileOf } from '../../../src/worker/highWater';
import { createWorld, type World } from './support/world';

const NEXT_BOOT = '66666666-2222-3333-4444-555555555555';

describe('worker whose state directory is put back from a copy', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(() => world.end());

  /** Two jobs with a copy of the directory between them; then the copy takes its place. */
  async function putBackAfterAJob(): Promise<Buffer> {
    const key = world.worker.workerKey;
    await world.run();
    await world.worker.close();
    const copy = `${world.stateDir}.copy`;
    cpSync(world.stateDir, copy, { recursive: true });
    await world.restart();
    expect(world.worker.workerKey).toEqual(key);
    await world.run();
    await world.worker.close();
    rmSync(world.stateDir, { recursive: true });
    cpSync(copy, world.stateDir, { recursive: true });
    return key;
  }

  it('never signs with the key of which it has forgotten a job', async () => {
    const key = await putBackAfterAJob();
    await world.restart();
    expect(world.worker.workerKey).not.toEqual(key);
  });

  it('never signs with a key of an earlier boot, even when nothing was forgotten', async () => {
    const key = world.worker.workerKey;
    await world.run();
    await world.restart({ bootId: NEXT_BOOT });
    expect(world.worker.workerKey).not.toEqual(key);
  });

  it.each([
    ['is gone', (path: string) => rmSync(path)],
    ['is of another key', (path: string) => writeFileSync(path, Buffer.alloc(76))],
    ['was cut off', (path: string) => writeFileSync(path, Buffer.alloc(75))],
  ])('never signs with a key whose mark %s', async (_what, spoil) => {
    const key = world.worker.workerKey;
    await world.worker.close();
    spoil(highWaterFileOf(world.stateDir));
    await world.restart();
    expect(world.worker.workerKey).not.toEqual(key);
  });

  it('keeps its mark outside of the directory, for its owner alone', () => {
    const path = highWaterFileOf(`${world.stateDir}/`);
    expect(path.startsWith(`${world.stateDir}/`)).toBe(false);
    expect(existsSync(path)).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('does not start when the mark cannot be written', async () => {
    await world.worker.close();
    world.config.highWaterFile = `${world.stateDir}/missing/mark`;
    await expect(world.startAnother()).rejects.toThrow('set highWaterFile to a file outside of stateDir');
    delete world.config.highWaterFile;
    await world.restart();
  });
});
