import { createFrameParser, encodeFrame, FrameKind, FRAMES_CONTENT_TYPE } from '../../src/protocol/wire';

/** A reply as its frames, each still encoded. */
export function splitFrames(bytes: Buffer): Buffer[] {
  return createFrameParser()
    .push(bytes)
    .map(({ kind, payload }) => encodeFrame(kind, payload));
}

export function kindOf(frame: Buffer): FrameKind {
  return frame[4]!;
}

/** The reply of a router that sends one frame after the other. */
export function streamFrames(frames: readonly Uint8Array[]): Response {
  return framesResponse(
    (async function* () {
      for (const frame of frames) {
        await new Promise((resolve) => setImmediate(resolve));
        yield frame;
      }
    })(),
  );
}

export function framesResponse(frames: AsyncIterator<Uint8Array>): Response {
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await frames.next();
      if (next.done) controller.close();
      else controller.enqueue(new Uint8Array(next.value));
    },
    async cancel() {
      await frames.return?.();
    },
  });
  return new Response(stream, { headers: { 'content-type': FRAMES_CONTENT_TYPE } });
}

export function errorFrame(code: string, message = 'no'): Buffer {
  return encodeFrame(FrameKind.Error, Buffer.from(JSON.stringify({ error: { message, code } })));
}

export function flipped(frame: Buffer, at: number): Buffer {
  const changed = Buffer.from(frame);
  changed[at]! ^= 1;
  return changed;
}

export const without = <T>(list: readonly T[], index: number): T[] => list.filter((_, i) => i !== index);

export function doubled<T>(list: readonly T[], index: number): T[] {
  return list.flatMap((one, i) => (i === index ? [one, one] : [one]));
}

export function swapped<T>(list: readonly T[], index: number): T[] {
  const changed = [...list];
  [changed[index], changed[index + 1]] = [list[index + 1]!, list[index]!];
  return changed;
}
