import type { Cell } from '@ton/core';
import { BLOCKED_FOR_GOOD, GUARDIAN_BLOCK_SECONDS } from '../../wrappers/Registry';
import { LIST_BOUNDS, type GovernanceMessage } from '../../wrappers/governanceMessages';
import { decodeOrder } from './decode';
import { loosening, neither, tightening, type Explanation } from './explanation';
import { sameHash, type Standing } from './standing';
import { account, hex, short, span, time } from './words';

type Of<T extends GovernanceMessage['$$type']> = Extract<GovernanceMessage, { $$type: T }>;

/** Whose a block is, and how long it holds. */
export interface BlockStanding {
  /** In hex. */
  subject: string;
  /** `image 3f2a7b01...`, `worker EQ...`, or what else can be said of it. */
  name: string;
  by: 'owner' | 'guardian';
  /** Last second of a guardian's block; null for one that only the owner lifts. */
  untilUnix: number | null;
  lapsed: boolean;
}

export function blockStandings(now: Standing): BlockStanding[] {
  return now.blocks.map(({ hash, at }) => {
    const good = at === BLOCKED_FOR_GOOD;
    const subject = hash.toString('hex');
    return {
      subject,
      name: subjectName(subject, now),
      by: good ? 'owner' : 'guardian',
      untilUnix: good ? null : at,
      lapsed: !good && at < now.nowUnix,
    };
  });
}

/** `by the guardian until ..., in 3 d 2 h`; null when the subject is not blocked. */
export function blockSentence(subject: string, now: Standing): string | null {
  const block = blockStandings(now).find((known) => known.subject === subject);
  return block ? blockText(block, now) : null;
}

export function blockText({ untilUnix, lapsed }: BlockStanding, { nowUnix }: Standing): string {
  if (untilUnix === null) return 'by the owner, until he lifts it';
  if (lapsed) return `by the guardian until ${time(untilUnix)}: it has lapsed`;
  return `by the guardian until ${time(untilUnix)}, when it lapses (${span(untilUnix - nowUnix)})`;
}

/** Whoever sends it: how long it holds depends on that. */
export function explainBlock({ subject }: Of<'Block'>, now: Standing): Explanation {
  const id = hex(subject);
  const says = [
    `blocks ${subjectName(id, now)}: no new admission; the owner's block holds until he lifts it, the guardian's for ${span(GUARDIAN_BLOCK_SECONDS)}`,
  ];
  const present = blockStandings(now).find((block) => block.subject === id);
  if (present)
    says.push(`finds it blocked ${blockText(present, now)}; only the owner may block it again (1022)`);
  if (now.orders.some(({ body }) => lifts(body, id))) {
    says.push('takes back the order in the queue that would lift that block, if the owner sends it');
  }
  return tightening(says, present ? [] : roomFor(now));
}

function lifts(body: Cell, subject: string): boolean {
  const order = decodeOrder(body);
  return order.$$type === 'Unblock' && hex(order.subject) === subject;
}

function roomFor(now: Standing): string[] {
  if (now.blocks.length >= LIST_BOUNDS.blocks) {
    return [`there are ${LIST_BOUNDS.blocks} blocks already: refused (1012)`];
  }
  const guardians = blockStandings(now).filter(({ by }) => by === 'guardian').length;
  if (guardians < LIST_BOUNDS.guardianBlocks) return [];
  return [
    `the guardian has ${LIST_BOUNDS.guardianBlocks} blocks already: his is refused (1012), the owner's is not`,
  ];
}

/** A block that has lapsed is forgotten at once; one that holds is lifted by waiting. */
export function explainUnblock({ subject }: Of<'Unblock'>, now: Standing): Explanation {
  const id = hex(subject);
  const block = blockStandings(now).find((known) => known.subject === id);
  const name = subjectName(id, now);
  if (!block) return neither([`lifts the block of ${name}; it is not blocked, so nothing changes`]);
  const says = [`lifts the block of ${name}, which is blocked ${blockText(block, now)}`];
  return block.lapsed ? neither(says) : loosening(says);
}

/** A subject is a hash; what it is the hash of can only be told where a list knows it. */
export function subjectName(subject: string, now: Standing): string {
  if (now.images.some(({ imageId }) => sameHash(imageId, subject))) return `image ${short(subject)}`;
  const worker = now.workers.find(({ hash }) => sameHash(hash, subject));
  if (worker) return `worker ${account(worker)}`;
  return `${short(subject)} (an image or a worker on no list, or a platform)`;
}
