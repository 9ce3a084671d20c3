import {
  BLOCKED_BY_PROOF,
  BLOCKED_FOR_GOOD,
  blockBody,
  parseDates,
  REGISTRY_GETTERS,
} from '../../wrappers/Registry';
import { order } from './orders';
import type { Session } from './session';

/** Blocks what a hash names, unless it is blocked for good already. */
export async function blockOnce(session: Session, subject: Buffer): Promise<void> {
  const { registry } = await session.chain();
  const blocks = parseDates(await session.client.getMethod(registry, REGISTRY_GETTERS.blocks));
  const stays = (at: number): boolean => at === BLOCKED_FOR_GOOD || at === BLOCKED_BY_PROOF;
  if (blocks.some(({ hash, at }) => hash.equals(subject) && stays(at))) {
    return session.say('blocked   already, for good');
  }
  await order(session, 'blocked', blockBody(subject));
}
