import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { connectClient, moneyJson, readClientFile } from '../../client';
import { CocoonError } from '../../protocol/errors';

const nanos = z.string().regex(/^\d+$/).transform(BigInt);
const cost = z.object({
  spent_nano: nanos,
  allocations: z.number(),
  allocations_nano: nanos,
  prunes: z.number(),
  prunes_nano: nanos,
  share_bps: z.number().nullable(),
});

/** The part of a gateway's `/status` that the chain does not tell. */
const statusSchema = z.object({
  escrow: z.string(),
  cost: z.object({ recent: cost, total: cost }),
  lines: z.array(
    z.object({
      id: z.string(),
      spent_nano: nanos,
      reserved_nano: nanos,
      room_nano: nanos,
      why: z.string().nullable(),
      worker: z.string().nullable(),
    }),
  ),
  wallet: z.string().nullable(),
});

export type OwnBooks = z.infer<typeof statusSchema>;

const STATUS_TIMEOUT_MS = 5_000;

/**
 * The books of the client that this file configures: its gateway's, while one runs and holds them, else those in its
 * data directory. Throws CocoonError `internal` when another process holds them.
 */
export async function readOwnBooks(configFile: string): Promise<OwnBooks> {
  const { host, port, apiKeysFile } = readClientFile(configFile).gateway;
  const key = apiKeysFile === undefined ? undefined : readFileSync(apiKeysFile, 'utf8').trim().split('\n')[0];
  const answer = await fetch(`http://${host.includes(':') ? `[${host}]` : host}:${port}/status`, {
    signal: AbortSignal.timeout(STATUS_TIMEOUT_MS),
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
  }).catch(() => null);
  if (!answer) return readBooksAlone(configFile);
  if (answer.ok) return statusSchema.parse(await answer.json());
  throw new CocoonError('internal', `The gateway on port ${port} answers ${answer.status} to /status.`);
}

async function readBooksAlone(configFile: string): Promise<OwnBooks> {
  const client = await connectClient(readClientFile(configFile));
  try {
    return statusSchema.parse(moneyJson(await client.money()));
  } finally {
    await client.close();
  }
}
