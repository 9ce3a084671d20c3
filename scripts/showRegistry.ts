import type { NetworkProvider } from '@ton/blueprint';
import { readRegistryRoot } from '../src/chain/registryRoot';
import { floorText } from '../src/operate/floors';
import { readRegistryLists } from '../src/operate/lists';
import { isoTime } from '../src/operate/orders';
import { coins, operate } from '../src/operate/session';
import { loadGovernanceMessage } from '../wrappers/governanceMessages';

/** Anybody: what a registry allows, on which terms, and who is there. */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { say } = session;
    const { registry: address } = await session.chain();
    const lists = await readRegistryLists(session.client, address);
    const { registry } = lists;
    const { parameters } = registry;
    say(`root      ${await readRegistryRoot(session.client, address)}`);
    say(`owner     ${registry.owner.toString()}`);
    say(`guardian  ${registry.guardian.toString()}`);
    say(`sealed    ${registry.sealed ? 'yes' : 'no'}`);
    say(`balance   ${coins(registry.balanceNano)}`);
    say(`stake     at least ${coins(parameters.minStakeNano)}, unbonding ${parameters.unbondingSeconds} s`);
    say(`fee       ${parameters.protocolFeeBps} bps to ${parameters.treasury.toString()}`);
    say(`deposit   ${coins(parameters.routerDepositNano)} for a router`);
    for (const image of lists.images) {
      say(`image     ${image.imageId.toString('hex')} role ${image.role} until ${isoTime(image.expiresAt)}`);
    }
    for (const shape of lists.shapes) say(`shape     ${shape.toString('hex')}`);
    for (const model of lists.models) say(`model     ${model.modelHash.toString('hex')} ${model.name}`);
    for (const floor of lists.floors) say(`floor     ${floor.fmspc.toString('hex')} ${floorText(floor)}`);
    for (const worker of lists.workers) say(`worker    ${worker.toString()}`);
    for (const router of lists.routers) say(`router    ${router.toString()}`);
    for (const { hash, at, by } of lists.blocks) {
      say(
        `block     ${hash.toString('hex')} by ${by} ${by === 'guardian' ? `until ${isoTime(at)}` : 'for good'}`,
      );
    }
    for (const { hash, dueAt, body } of lists.orders) {
      const what = loadGovernanceMessage(body)?.$$type ?? 'unknown';
      say(`order     ${hash.toString('hex')} due ${isoTime(dueAt)}: ${what}`);
    }
  });
}
