import assert from 'node:assert/strict';
import { CLIENT_LIMITS } from '../../src/client/limits';
import type { NetworkOptions } from '../unit/client/network/setup';
import { ANSWER_SECRET } from './engine';
import { escrowHolds, nothingLeaked, nothingOverpaid, refused, unlisted } from './judge';
import { NO_EFFECT, type Attack } from './list';
import { createScene, FORMS, type Form, type Scene, type Told } from './scene';

/** How a lie is told, and what is special about its end. */
export interface Play {
  options?: NetworkOptions & { money?: boolean };
  /** Both by default. */
  forms?: readonly Form[];
  /** The lie can be told in so many ways: each has a network of its own. */
  ways?(form: Form): number;
  lie(scene: Scene, way: number): void | Promise<void>;
  /** What the victim asks; one request by default. */
  ask?(scene: Scene, way: number): Promise<Told>;
  /** The work was done and its bill is right: it is paid although the caller is told of an error. */
  isPaid?: true;
  /** The liar gives up: for lies that would hold every request up to its time limit. */
  heal?(scene: Scene): void;
  after?(scene: Scene, told: Told): void | Promise<void>;
}

/** Plays an attack in all its ways. Throws AssertionError where it has another end than it must. */
export async function play(attack: Attack, how: Play): Promise<void> {
  for (const form of how.forms ?? FORMS) {
    const ways = how.ways?.(form) ?? 1;
    for (let way = 0; way < ways; way++) {
      await playOnce(attack, how, form, way).catch((error: unknown) => {
        throw new Error(`${attack.id}, ${form}, way ${way}: ${String(error)}`, { cause: error });
      });
    }
  }
}

async function playOnce(attack: Attack, how: Play, form: Form, way: number): Promise<void> {
  const scene = await createScene(form, how.options);
  try {
    await how.lie(scene, way);
    const told = await (how.ask?.(scene, way) ?? scene.ask());
    if (attack.refusal === NO_EFFECT) answered(told);
    else refused(attack, told);
    if (attack.because !== undefined) unlisted(attack, scene);
    await how.after?.(scene, told);
    nothingLeaked(scene);
    await nothingOverpaid(scene, attack.refusal !== NO_EFFECT && how.isPaid !== true);

    await goesOn(attack, how, scene);
    nothingLeaked(scene);
    await nothingOverpaid(scene, false);
    await escrowHolds(scene, attack.liar);
  } finally {
    await scene.close();
  }
}

/** The liar still lies, and somebody honest is there: the same worker behind another router, or another worker. */
async function goesOn(attack: Attack, how: Play, scene: Scene): Promise<void> {
  const { network, worker, otherWorker } = scene;
  how.heal?.(scene);
  if (attack.liar === 'router') scene.otherRouter.isUp = true;
  else network.workers.push(otherWorker);
  const before = worker.seen.length;
  network.clock.advance(CLIENT_LIMITS.bookFreshSeconds + 1);
  answered(await scene.ask());
  if (attack.liar === 'worker' && attack.refusal !== NO_EFFECT) {
    assert.equal(worker.seen.length, before, 'the liar was asked again at once');
  }
}

function answered({ status, text, code }: Told): void {
  assert.equal(code, null, `an honest answer was refused: ${text.slice(0, 400)}`);
  assert.equal(status, 200);
  assert.ok(text.includes(ANSWER_SECRET), "the answer is not the worker's");
}
