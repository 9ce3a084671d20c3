/** The devnet's controllable time, in milliseconds: the system's plus an offset, or standing still. */
export interface ClockSetting {
  offsetMs: number;
  frozenAtMs: number | null;
}

export interface DevnetClock {
  nowMs(): number;
  frozen(): boolean;
  /** What to store so that a restart goes on from here. */
  setting(): ClockSetting;
  /** Jumps to `unixMs`; false, and nothing changes, when that lies in the past. */
  jumpTo(unixMs: number): boolean;
  freeze(frozen: boolean): void;
}

export function createDevnetClock(systemMs: () => number, initial: ClockSetting): DevnetClock {
  let { offsetMs, frozenAtMs } = initial;
  const nowMs = (): number => frozenAtMs ?? systemMs() + offsetMs;

  return {
    nowMs,
    frozen: () => frozenAtMs !== null,
    setting: () => ({ offsetMs, frozenAtMs }),
    jumpTo(unixMs) {
      const now = nowMs();
      if (unixMs < now) return false;
      if (frozenAtMs === null) offsetMs += unixMs - now;
      else frozenAtMs = unixMs;
      return true;
    },
    freeze(frozen) {
      const now = nowMs();
      if (frozen) frozenAtMs = now;
      else offsetMs = now - systemMs();
      if (!frozen) frozenAtMs = null;
    },
  };
}
