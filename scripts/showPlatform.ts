import type { NetworkProvider } from '@ton/blueprint';
import { isoTime } from '../src/operate/orders';
import { coins, operate } from '../src/operate/session';
import { askPlatform } from '../src/operate/subjects';
import { GET_PLATFORM, MAX_PLATFORM_SLOTS, parsePlatform } from '../wrappers/Platform';

/** Anybody: a machine's slots and remembered keys. Takes platform (address, PPID, or the hash of that). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { say } = session;
    const address = await askPlatform(session);
    say(`address   ${address.toString()}`);
    if (!(await session.client.account(address)).deployed)
      return say('deployed  no: no quote of it was verified yet');
    const platform = parsePlatform(await session.client.getMethod(address, GET_PLATFORM));
    say(`registry  ${platform.registry.toString()}`);
    say(`ppid hash ${platform.ppidHash.toString('hex')}`);
    say(`balance   ${coins(platform.balanceNano)}`);
    say(`slots     ${platform.slots.length} of ${MAX_PLATFORM_SLOTS} were given`);
    for (const slot of platform.slots) {
      say(`worker    0:${slot.worker.toString('hex')} until ${isoTime(slot.heldUntil)}`);
    }
    for (const key of platform.keys) {
      say(`key       ${key.attestationKey.toString('hex')}`);
      say(`family    ${key.fmspc.toString('hex')} pce ${key.pceId} svn ${key.pceSvn} qe ${key.qeIsvSvn}`);
      say(`sgx       ${Buffer.from(key.sgxSvns).toString('hex')}`);
      say(`certified until ${isoTime(Math.min(key.leafUntil, key.caUntil))}`);
    }
  });
}
