import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP relay that keeps every byte of both directions, one buffer for each direction of each connection. */
export interface Tee {
  readonly port: number;
  /** Everything so far, each direction of each connection joined. */
  streams(): Buffer[];
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1 and relays to `targetPort` there. */
export async function createTee(targetPort: number): Promise<Tee> {
  const kept: Buffer[][] = [];
  const open = new Set<Socket>();

  const copy = (from: Socket, to: Socket): void => {
    const parts: Buffer[] = [];
    kept.push(parts);
    open.add(from);
    from.setNoDelay(true);
    from.on('data', (part: Buffer) => {
      parts.push(part);
      if (!to.write(part)) from.pause();
    });
    to.on('drain', () => from.resume());
    from.on('end', () => to.end());
    // A connection that is cut on one side is cut on the other: an abort must arrive as one.
    from.on('error', () => to.destroy());
    from.on('close', () => {
      open.delete(from);
      to.destroy();
    });
  };

  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true });
    copy(near, far);
    copy(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    streams: () => kept.map((parts) => Buffer.concat(parts)),
    close() {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
