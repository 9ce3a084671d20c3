import { WORKER_LIMITS } from './limits';
import type { ReplyLog } from './replyLog';

/** Replies by job, the oldest finished one forgotten first. What is forgotten was billed all the same. */
export interface ReplyCache {
  get(key: string): ReplyLog | undefined;
  put(key: string, reply: ReplyLog): void;
  /** The reply has ended: it counts against the bound from now on and may be forgotten. */
  ended(key: string): void;
  forget(key: string): void;
}

export function createReplyCache(
  limits: { bytes: number; entries: number } = {
    bytes: WORKER_LIMITS.replyCacheBytes,
    entries: WORKER_LIMITS.replyCacheEntries,
  },
): ReplyCache {
  const running = new Map<string, ReplyLog>();
  const finished = new Map<string, { reply: ReplyLog; bytes: number }>();
  let bytes = 0;

  const forgetOldest = (): void => {
    for (const [key, entry] of finished) {
      if (bytes <= limits.bytes && finished.size <= limits.entries) return;
      finished.delete(key);
      bytes -= entry.bytes;
    }
  };

  return {
    get: (key) => running.get(key) ?? finished.get(key)?.reply,
    put(key, reply) {
      running.set(key, reply);
    },
    ended(key) {
      const reply = running.get(key);
      if (!reply || !running.delete(key)) return;
      finished.set(key, { reply, bytes: reply.bytes() });
      bytes += reply.bytes();
      forgetOldest();
    },
    forget(key) {
      running.delete(key);
      const entry = finished.get(key);
      if (entry && finished.delete(key)) bytes -= entry.bytes;
    },
  };
}
