/** Major and minor number of a program or kernel. */
export interface Version {
  major: number;
  minor: number;
}

/** The first `a.b` in a text such as `6.16.3-1-amd64` or `QEMU emulator version 10.1.0 (Debian)`; null without one. */
export function versionIn(text: string): Version | null {
  const found = /(\d+)\.(\d+)/.exec(text);
  return found ? { major: Number(found[1]), minor: Number(found[2]) } : null;
}

/** Compared as numbers: 6.16 is after 6.7. */
export function isAtLeast(version: Version, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor);
}
