import type { NetworkProvider } from '@ton/blueprint';
import { openEscrow } from '../src/chain/accounts';
import { withAccount } from '../src/operate/deployments';
import { operate, sayCode } from '../src/operate/session';
import { escrowAddress, escrowInit } from '../wrappers/Escrow';

/** Client: opens an escrow. Takes signer (Ed25519 public key, hex), budget, deposit, salt (0). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { wallet, client, answers, deployments } = session;
    const { registry } = await session.chain();
    const salt = BigInt(await answers.integer('salt', 'Salt of the escrow', 0));
    const signer = await answers.bytes('signer', 'Key that signs tickets, never a wallet key', 32);
    const depositNano = await answers.coins('deposit', 'Deposit');
    const signerBudgetNano = await answers.coins('budget', 'Most that the signer may spend');
    const escrow = await escrowAddress(registry, wallet.address, salt);
    const { code } = await escrowInit(registry, wallet.address, salt);
    if ((await client.account(escrow)).deployed) {
      session.say(`opened    already: ${escrow.toString()}`);
    } else {
      const open = { registry, signer, signerBudgetNano, depositNano, salt };
      await session.measured('escrow opened', [escrow], () => openEscrow(wallet, open));
    }
    const codeHash = sayCode(session, code);
    const entry = {
      address: escrow.toString(),
      codeHash,
      owner: wallet.address.toString(),
      salt: salt.toString(),
    };
    deployments.write((known) => ({ ...known, escrows: withAccount(known.escrows, entry) }));
  });
}
