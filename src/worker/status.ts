/** What routers are told about this worker's load. */
export interface Load {
  free: number;
  draining: boolean;
}

export interface StatusBoard {
  current(): Load;
  /** Tells the subscribers when the load is another than before. */
  refresh(): void;
  subscribe(listener: () => void): () => void;
}

export function createStatusBoard(read: () => Load): StatusBoard {
  let current = read();
  const listeners = new Set<() => void>();
  return {
    current: () => current,
    refresh() {
      const next = read();
      if (next.free === current.free && next.draining === current.draining) return;
      current = next;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
