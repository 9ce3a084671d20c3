import {
  ChunkKind,
  createCoalescer,
  encodeContent,
  encodeResponseHead,
  splitContent,
  type ReplySealer,
  type ResponseHead,
  type Timers,
} from '../channel';
import { FrameKind } from '../protocol/wire';
import type { ReplyLog } from './replyLog';

/** Turns a response into sealed chunks of a reply. */
export interface SealedWriter {
  /** The head waits for the first body bytes: alone it would tell the time to the first token from the rest. */
  head(head: ResponseHead): void;
  started(): boolean;
  /** Goes out within 40 ms, or at once when enough waits. `textBytes` of it were written by the model. */
  write(body: Uint8Array, textBytes: number): void;
  /** Seals what waits as the last content. */
  finish(): void;
}

export function createSealedWriter(log: ReplyLog, sealer: ReplySealer, timers: Timers): SealedWriter {
  let head: Buffer | null = null;
  let started = false;
  let ending = false;
  let ended = false;
  let waitingText = 0;

  const flush = (joined: Buffer): void => {
    const pieces = splitContent(joined);
    pieces.forEach((piece, i) => {
      const last = i === pieces.length - 1;
      const kind = ending && last ? ChunkKind.LastContent : ChunkKind.Content;
      // Text counts as delivered with the last piece that carries it, not before.
      log.append(FrameKind.Chunk, sealer.seal(kind, encodeContent(piece)), last ? waitingText : 0);
      ended ||= kind === ChunkKind.LastContent;
    });
    waitingText = 0;
  };
  const coalescer = createCoalescer({ flush, timers });

  const push = (bytes: Uint8Array): void => {
    const joined = head ? Buffer.concat([head, bytes]) : Buffer.from(bytes);
    head = null;
    coalescer.push(joined);
  };

  return {
    head(value) {
      started = true;
      head = encodeResponseHead(value);
    },
    started: () => started,
    write(body, textBytes) {
      waitingText += textBytes;
      push(body);
    },
    finish() {
      ending = true;
      if (head) push(Buffer.alloc(0));
      coalescer.close();
      if (!ended) flush(Buffer.alloc(0));
    },
  };
}
