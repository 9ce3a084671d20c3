import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const ENTRY = path.join(__dirname, '../../../src/attestation/browser.ts');
const MAX_GZIPPED_BYTES = 60 * 1024;

/** What a page would load. */
async function bundle() {
  const { outputFiles, metafile } = await build({
    entryPoints: [ENTRY],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    metafile: true,
  });
  return { code: Buffer.from(outputFiles[0]!.contents), inputs: Object.keys(metafile.inputs) };
}

describe("the verifier's bundle for browsers", () => {
  test('is at most 60 KB with gzip', async () => {
    const { code } = await bundle();
    expect(gzipSync(code).length).toBeLessThanOrEqual(MAX_GZIPPED_BYTES);
    expect(code.length).toBeGreaterThan(10_000);
  });

  test('is made of this room alone: no package, no Node, no simulated root', async () => {
    const { code, inputs } = await bundle();
    const foreign = inputs.filter(
      (input) => !/^src\/(attestation\/(?!testing\/|onchain\/|simulated)|protocol\/root)/.test(input),
    );
    expect(foreign).toEqual([]);
    expect(code.toString()).not.toMatch(/\bBuffer\b|node:|require\(/);
  });
});
