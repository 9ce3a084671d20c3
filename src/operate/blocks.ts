import { blockBody, parseBlocks, REGISTRY_GETTERS } from '../../wrappers/Registry';
import { order } from './orders';
import type { Session } from './session';

/** Blocks what a hash names, unless it is blocked for good already. */
export async function blockOnce(session: Session, subject: Buffer): Promise<void> {
  const { registry } = await session.chain();
  const blocks = parseBlocks(await session.client.getMethod(registry, REGISTRY_GETTERS.blocks));
  if (blocks.some(({ hash, by }) => hash.equals(subject) && by !== 'guardian')) {
    return session.say('blocked   already, for good');
  }
  await order(session, 'blocked', blockBody(subject));
}
