import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FOLLOWS, KINDS } from '../../../src/engine/model/grammar';
import { modelBytes, modelFile } from '../../../src/engine/model/modelFile';
import { createVocabulary, TokenType } from '../../../src/engine/model/vocabulary';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('the generated model', () => {
  let dir: string;
  beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), 'cocoon-model-'))));
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('has the same bytes on every machine and in every run', () => {
    expect(sha256(modelBytes(1))).toBe('4a7f21bd52ce0a302b9dcc3dad4d0aef89bf04254aa21ba18817e0a6bab8cb40');
  });

  it('differs from seed to seed', () => {
    expect(modelBytes(2).equals(modelBytes(1))).toBe(false);
    expect(modelBytes(2)).toHaveLength(modelBytes(1).length);
  });

  it('is a GGUF file of version 3 and about half a megabyte', () => {
    const bytes = modelBytes(1);
    expect(bytes.subarray(0, 4).toString('latin1')).toBe('GGUF');
    expect(bytes.readUInt32LE(4)).toBe(3);
    expect(bytes.length).toBeGreaterThan(450_000);
    expect(bytes.length).toBeLessThan(600_000);
  });

  it('is written once and named by its hash', async () => {
    const first = await modelFile(dir, 1);
    const again = await modelFile(dir, 1);
    expect(again).toEqual(first);
    expect(first.sha256).toBe(sha256(await readFile(first.path)));
  });

  it('replaces a damaged file', async () => {
    const { path, sha256: hash } = await modelFile(dir, 1);
    const bytes = await readFile(path);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(path, bytes);
    await modelFile(dir, 1);
    expect(sha256(await readFile(path))).toBe(hash);
  });

  it('is left whole by processes that write it at the same time', async () => {
    const files = await Promise.all(Array.from({ length: 8 }, () => modelFile(dir, 1)));
    expect(new Set(files.map((file) => file.sha256)).size).toBe(1);
    expect(sha256(await readFile(files[0]!.path))).toBe(files[0]!.sha256);
  });
});

describe('the vocabulary', () => {
  const tokens = createVocabulary();

  it('has one token for every byte, so any text can be tokenized', () => {
    expect(tokens.filter((token) => token.type === TokenType.Byte)).toHaveLength(256);
  });

  it('names no token twice', () => {
    expect(new Set(tokens.map((token) => token.text)).size).toBe(tokens.length);
  });

  it('has every prefix of every word, so a written word reads back as one token', () => {
    const texts = new Set(tokens.map((token) => token.text));
    const words = tokens.filter((token) => token.type === TokenType.Normal).map((token) => token.text);
    for (const word of words) expect(texts).toContain(word.slice(0, -1) || word);
  });

  it('has a token for each kind that the grammar can ask for', () => {
    const asked = new Set(KINDS.flatMap((kind) => Object.keys(FOLLOWS[kind])));
    const present = new Set<string>(tokens.map((token) => token.kind));
    expect([...asked].filter((kind) => !present.has(kind))).toEqual([]);
  });
});
