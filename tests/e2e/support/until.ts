import { setTimeout as pause } from 'node:timers/promises';

const PAUSE_MS = 20;
const LONGEST_MS = 30_000;

/** Asks until `condition` holds: other processes and sockets take their time, and tell nobody when they are done. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; waitedMs < LONGEST_MS; waitedMs += PAUSE_MS) {
    if (await condition()) return;
    await pause(PAUSE_MS);
  }
  throw new Error(`the condition did not come true: ${String(condition)}`);
}
