import { until } from '../support/until';
import type { Scene } from './features';

export interface KeyBill {
  spent: bigint;
  reserved: bigint;
}

/** What the gateway says of a key. */
export async function billOf({ url, keys }: Scene, key: keyof Scene['keys'] = 'funded'): Promise<KeyBill> {
  const headers = { authorization: `Bearer ${keys[key]}` };
  const answer = await fetch(`${url}/cocoon/key`, { headers });
  const { spent_nano, reserved_nano } = (await answer.json()) as Record<string, string>;
  return { spent: BigInt(spent_nano!), reserved: BigInt(reserved_nano!) };
}

/** Uses the limited key until it is refused, so that whoever comes next is. */
export async function useUp({ url, keys }: Scene): Promise<void> {
  const headers = { authorization: `Bearer ${keys.limited}` };
  await until(async () => (await fetch(`${url}/models`, { headers })).status === 429);
}
