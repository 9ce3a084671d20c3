import type { NetworkProvider } from '@ton/blueprint';
import { setSigner } from '../src/chain/accounts';
import { coins, operate } from '../src/operate/session';

/** Client: changes the key that signs tickets and what it may spend. Takes escrow, signer (public key, hex), budget. */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const chain = await session.chain();
    const address = await session.answers.address('escrow', 'Address of the escrow');
    const signer = await session.answers.bytes('signer', 'Key that signs tickets, never a wallet key', 32);
    const budget = await session.answers.coins('budget', 'Most that the signer may spend from now on');
    const escrow = await chain.escrow(address);
    if (!escrow) return session.say('escrow    there is no genuine escrow of this registry');
    if (escrow.signer?.equals(signer) && escrow.signerBudgetNano === budget) {
      return session.say('set       already');
    }
    session.say(`before    ${escrow.signer?.toString('hex')}, may spend ${coins(escrow.signerBudgetNano)}`);
    await session.measured('signer set', [address], () => setSigner(session.wallet, address, signer, budget));
  });
}
