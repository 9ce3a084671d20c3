import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runVerifyEvidence } from '../../../src/cli/verify/command';
import { writeBundle } from '../../../src/evidence';
import { ISSUED_AT, makeEvidence } from '../../support/evidence';

let folder: string;
let text: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cocoon-verify-'));
  text = writeBundle(await makeEvidence());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function policyFile(policy: unknown): string {
  const path = join(folder, 'policy.json');
  writeFileSync(path, JSON.stringify(policy));
  return path;
}

async function run(flags: Partial<Parameters<typeof runVerifyEvidence>[1]>, given = text) {
  let out = '';
  const to = { write: (part: string) => void (out += part), colours: false };
  return { code: await runVerifyEvidence(given, { chain: [], json: false, ...flags }, to), out };
}

describe('cocoon verify, of a simulated bundle', () => {
  it('says so in capitals, and how the rest is checked', async () => {
    const { code, out } = await run({});
    expect(code).toBe(0);
    expect(out).toMatch(
      /VERIFIED AS A SIMULATION: 23 links hold\.\n5 not checked: .* \(--chain <url> checks them\)/,
    );
    expect(out.split('\n').every((line) => line.length <= 120)).toBe(true);
  });

  it('fails where the policy refuses simulations', async () => {
    const { code, out } = await run({ policy: policyFile({ allowSimulated: false }) });
    expect(code).toBe(3);
    expect(out).toMatch(/NOT VERIFIED: root\./);
  });

  it.each([[[]], ['strict'], [null]])('takes no policy like %j for one', async (policy) => {
    await expect(run({ policy: policyFile(policy) })).rejects.toMatchObject({ code: 'policy_malformed' });
  });

  it('judges dates by the time that it is given', async () => {
    const { code, out } = await run({ at: ISSUED_AT + 90_000 });
    expect(code).toBe(3);
    expect(out).toMatch(/✗ certificate {2}it held until 2026-11-26 10:13:20 UTC only/);
  });

  it('prints an object for a program, also for what is no bundle', async () => {
    const { code, out } = await run({ json: true }, text.slice(0, 100));
    const { ok, root, judged_at, links } = JSON.parse(out) as Record<string, unknown>;
    expect({ code, ok, root, judged_at }).toEqual({ code: 3, ok: false, root: null, judged_at: null });
    expect(links).toHaveLength(28);
  });

  it('says one thing of what is no bundle, and not 27 times that nothing else was checked', async () => {
    const { code, out } = await run({}, text.slice(0, 100));
    expect(code).toBe(3);
    expect(out).toBe(
      'Evidence of a job that cannot be read\n\n' +
        '✗ bundle       This is no bundle of evidence: it is no JSON, or only a part of it.\n\nNOT VERIFIED: bundle.\n',
    );
  });
});
