import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { equalBytes, toHex } from '../../../../src/attestation/bytes';
import { nodeCrypto } from '../../../../src/attestation/crypto/node';
import { imageId } from '../../../../src/attestation/image';
import { parseQuote, type Quote } from '../../../../src/attestation/quote';
import { isDebug } from '../../../../src/attestation/tdBody';
import {
  createSimulatedQuotes,
  simulatedMeasurements,
  type SimulatedSoftware,
} from '../../../../src/worker/quotes/simulator';
import { requireRoot } from '../../../../src/worker/quotes/source';

const REPORT_DATA = Buffer.alloc(64, 5);

describe('a simulated machine', () => {
  let stateDir: string;
  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'cocoon-simulated-'));
  });
  afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

  const start = (software: Partial<SimulatedSoftware> = {}, dir = stateDir) =>
    createSimulatedQuotes({ stateDir: dir, ...software }, { randomBytes, nowUnix: () => 1_780_000_000.5 });
  const quoted = async (software: Partial<SimulatedSoftware> = {}): Promise<Quote> =>
    parseQuote(await start(software).quote(REPORT_DATA));

  it('is the same machine after a restart: certificate and attestation key', async () => {
    const [before, after] = [await quoted(), await quoted({ image: 'newer' })];
    expect(toHex(after.certificates[0]!)).toBe(toHex(before.certificates[0]!));
    expect(toHex(after.attestationKey)).toBe(toHex(before.attestationKey));
    expect(start().ppid).toEqual(start().ppid);
  });

  it('is another machine in another folder', () => {
    const other = mkdtempSync(join(tmpdir(), 'cocoon-simulated-'));
    try {
      expect(start({}, other).ppid).not.toEqual(start().ppid);
    } finally {
      rmSync(other, { recursive: true, force: true });
    }
  });

  it('answers with our report data, and takes no other number of bytes', async () => {
    expect(equalBytes((await quoted()).body.reportData, REPORT_DATA)).toBe(true);
    await expect(start().quote(Buffer.alloc(65))).rejects.toThrow(/65 bytes, not 64/);
  });

  it('measures what the registry is told to list, whichever machine it is', async () => {
    const listed = await simulatedMeasurements();
    expect(await start().measured()).toEqual(listed);
    expect(toHex(await imageId((await quoted()).body, 'simulated', nodeCrypto))).toBe(
      listed.imageId.toString('hex'),
    );
  });

  it('has another image id for other software, another shape for another machine, and both stay', async () => {
    const plain = await simulatedMeasurements();
    const image = await start({ image: 'wrong' }).measured();
    const shape = await start({ shape: 'large' }).measured();
    expect(image.imageId).not.toEqual(plain.imageId);
    expect(image.shape).toEqual(plain.shape);
    expect(shape.imageId).toEqual(plain.imageId);
    expect(shape.shape).not.toEqual(plain.shape);
    expect(await simulatedMeasurements({ image: 'wrong' })).toEqual(image);
  });

  it('runs a debug TD where it is told to, and else never', async () => {
    expect(isDebug((await quoted()).body)).toBe(false);
    expect(isDebug((await quoted({ debug: true })).body)).toBe(true);
  });

  it('says that it is simulated, and is refused by a registry under the root of Intel', () => {
    const source = start();
    expect(source.describe()).toMatch(/^SIMULATED, proves nothing/);
    expect(() => requireRoot(source, 'intel')).toThrow(
      /simulated root, and the registry is under the intel one/,
    );
    expect(() => requireRoot(source, 'simulated')).not.toThrow();
  });
});
