import { hang, paint, type Console, type Paint } from '../console';
import type { Finding, Level, Side } from './finding';

const COLOURS: Record<Level, Paint> = { ok: 'green', warn: 'yellow', fail: 'red' };
const SIDES: Record<Side, string> = {
  host: 'as a host, which starts TDs (inside a TD: --as guest)',
  guest: 'inside a TD (the machine that starts it: --as host)',
};

/** One line per check, the remedy under what is not ok. */
export function printFindings(findings: readonly Finding[], side: Side, to: Console): void {
  const width = Math.max(...findings.map(({ name }) => name.length));
  to.write(`Looking at this machine ${SIDES[side]}.\n\n`);
  for (const { level, name, seen, fix } of findings) {
    const indent = 6 + width + 2;
    to.write(`${paint(to, COLOURS[level], level.padEnd(4))}  ${name.padEnd(width)}  ${hang(seen, indent)}\n`);
    if (fix !== null) to.write(`${' '.repeat(indent)}${paint(to, 'dim', `-> ${hang(fix, indent + 3)}`)}\n`);
  }
  to.write(`\n${summary(findings)}\n`);
}

function summary(findings: readonly Finding[]): string {
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length;
  return `${findings.length} checks: ${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} to mend`;
}
