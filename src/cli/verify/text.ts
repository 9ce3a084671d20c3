import { isoText } from '../../attestation/time';
import type { Link, Verification } from '../../evidence';
import { hang, paint, type Console, type Paint } from '../console';

const MARK: Record<Link['state'], string> = { ok: '✓', failed: '✗', 'not checked': '○' };
const COLOUR: Record<Link['state'], Paint> = { ok: 'green', failed: 'red', 'not checked': 'dim' };
const NAME_WIDTH = 11;
const INDENT = 2 + NAME_WIDTH + 2;

/** Every link on a line of its own, and what follows from all of them. */
export function checklistText(found: Verification, to: Console): string {
  const head = [
    `Evidence of ${found.jobId === null ? 'a job that cannot be read' : `job ${found.jobId}`}`,
    ...judgedText(found),
  ].join('\n');
  // Of a file that is no bundle there is one thing to say.
  const shown = isBundle(found) ? found.links : found.links.filter(({ state }) => state === 'failed');
  const rows = shown.map((link) => linkText(link, to));
  return `${paint(to, 'bold', head)}\n\n${rows.join('\n')}\n\n${conclusion(found, to)}\n`;
}

function isBundle({ links }: Verification): boolean {
  return links.some(({ state }) => state === 'ok');
}

function linkText({ name, state, detail }: Link, to: Console): string {
  const mark = paint(to, COLOUR[state], MARK[state]);
  const text = `${name.padEnd(NAME_WIDTH)}  ${hang(detail, INDENT)}`;
  return `${mark} ${state === 'ok' ? text : paint(to, COLOUR[state], text)}`;
}

function judgedText({ judged }: Verification): string[] {
  if (!judged) return [];
  const by = judged.by === 'the ticket' ? 'when its ticket was issued (--at takes another time)' : 'as asked';
  return [`judged at ${isoText(judged.atUnix)}, ${by}`];
}

function conclusion({ ok, root, judged, links }: Verification, to: Console): string {
  const named = (state: Link['state']): string[] =>
    links.filter((link) => link.state === state).map(({ name }) => name);
  const [held, failed, unchecked] = [named('ok'), named('failed'), named('not checked')];
  const ask = judged && unchecked.includes('allow-list') ? ' (--chain <url> checks them)' : '';
  const open =
    unchecked.length === 0 || held.length === 0
      ? ''
      : `.\n${unchecked.length} not checked: ${unchecked.join(', ')}${ask}`;
  const word = root === 'simulated' ? ['yellow', 'VERIFIED AS A SIMULATION'] : ['green', 'VERIFIED'];
  const head = ok
    ? `${paint(to, word[0] as Paint, word[1]!)}: ${held.length} links hold`
    : `${paint(to, 'red', 'NOT VERIFIED')}: ${failed.join(', ')}`;
  return `${head}${open}.${root === 'simulated' ? SIMULATED : ''}`;
}

const SIMULATED =
  '\nThe root is simulated and its keys are public: anybody can make such a bundle. It shows how the chain\nis checked, and says nothing about hardware.';

export function verificationJson({ ok, root, judged, jobId, links }: Verification): object {
  return {
    ok,
    job_id: jobId,
    root,
    judged_at: judged && isoText(judged.atUnix),
    judged_by: judged?.by ?? null,
    links,
  };
}
