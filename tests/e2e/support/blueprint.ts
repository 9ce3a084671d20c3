import type { NetworkProvider } from '@ton/blueprint';
import type { WalletSender } from '../../../src/chain/types';
import type { BlueprintProvider } from '../../../src/operate/session';

/** Runs a command as Blueprint does; what it wrote, but for the two lines that every command begins with. */
export async function runCommand(
  { wallet, endpoint }: { wallet: WalletSender; endpoint: string },
  command: (provider: NetworkProvider, args: string[]) => Promise<void>,
  args: Record<string, string>,
): Promise<string[]> {
  const lines: string[] = [];
  const provider: BlueprintProvider = {
    sender: () => ({
      address: wallet.address,
      send: ({ to, value, body, init }) =>
        wallet.send({ to, valueNano: value, ...(body && { body }), ...(init && { init }) }),
    }),
    api: () => ({ parameters: { endpoint } }),
    ui: () => ({
      write: (line) => void lines.push(line),
      input: (question) => Promise.reject(new Error(`asked: ${question}`)),
    }),
  };
  const given = Object.entries(args).map(([name, value]) => `${name}=${value}`);
  await command(provider as NetworkProvider, given);
  return lines.slice(2);
}
