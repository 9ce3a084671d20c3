import type { NetworkProvider } from '@ton/blueprint';
import { blockOnce } from '../src/operate/blocks';
import { operate } from '../src/operate/session';
import { askSubject } from '../src/operate/subjects';

/** Guardian or maintainer: no new admission of an image, a worker or a machine. Takes subject (image id, hash or address). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => blockOnce(session, await askSubject(session)));
}
