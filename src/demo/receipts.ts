import { z } from 'zod';
import type { HeldReceipt } from '../chain/dues';
import { parseLine } from '../protocol/line';
import { decodeSigned, receiptLayout } from '../protocol/signed';
import type { Customer } from './customer';

const replySchema = z.object({ receipt: z.string(), line: z.string(), escrow: z.string() });

/** The newest receipt of each of a customer's lines, as the router keeps it. */
export async function receiptsOf(routerUrl: string, customer: Customer): Promise<HeldReceipt[]> {
  const escrow = customer.escrow.hash.toString('hex');
  const found: HeldReceipt[] = [];
  for (const line of await customer.client.lines()) {
    const reply = await fetch(`${routerUrl}/v1/lines/${line.id}/receipt?escrow=${escrow}`);
    // A line that never served a job has none.
    if (reply.status === 404) continue;
    if (!reply.ok) throw new Error(`the router answered ${reply.status}: ${await reply.text()}`);
    const held = replySchema.parse(await reply.json());
    found.push({
      escrow: Buffer.from(held.escrow, 'hex'),
      line: parseLine(Buffer.from(held.line, 'base64')),
      receipt: decodeSigned(receiptLayout, Buffer.from(held.receipt, 'base64')),
    });
  }
  return found;
}
