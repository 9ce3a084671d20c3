import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { systemFiles, type TsmFiles } from '../../../../src/worker/quotes/tsmFiles';

/** A folder that behaves as configfs-tsm does: real files, real reads and writes, and a kernel that answers them. */
export interface FakeKernel {
  folder: string;
  files: TsmFiles;
  /** What `provider` says in entries made from now on. */
  provider: string;
  /** Answers the kernel's question: report data -> quote. */
  answer(reportData: Buffer): Buffer;
  /** Called before each operation, with its name (`make`, `write inblob`, `read outblob`); may throw as a kernel does. */
  interfere(operation: string, entry: string): Promise<void> | void;
  /** Every operation so far. */
  readonly operations: string[];
  /** Entries that are still there. */
  entries(): string[];
  /** Another process writes into the entry. */
  writeToo(entry: string, reportData: Buffer): Promise<void>;
  end(): void;
}

export function createFakeKernel(answer: (reportData: Buffer) => Buffer): FakeKernel {
  const folder = mkdtempSync(join(tmpdir(), 'cocoon-tsm-'));
  const generations = new Map<string, number>();
  const before = async (operation: string, entry: string): Promise<void> => {
    kernel.operations.push(operation);
    await kernel.interfere(operation, entry);
  };
  /** The kernel takes a write, counts it, and has a quote for whoever reads. */
  const take = async (entry: string, reportData: Buffer): Promise<void> => {
    const generation = (generations.get(entry) ?? 0) + 1;
    generations.set(entry, generation);
    await writeFile(join(entry, 'generation'), `${generation}\n`);
    await writeFile(join(entry, 'outblob'), kernel.answer(reportData));
  };
  const kernel: FakeKernel = {
    folder,
    provider: 'tdx_guest\n',
    answer,
    interfere: () => undefined,
    operations: [],
    entries: () => readdirSync(folder),
    writeToo: take,
    files: {
      async makeEntry(entry) {
        await before('make', entry);
        await systemFiles.makeEntry(entry);
        await writeFile(join(entry, 'provider'), kernel.provider);
        await writeFile(join(entry, 'generation'), '0\n');
        await writeFile(join(entry, 'inblob'), '');
        await writeFile(join(entry, 'outblob'), '');
      },
      async write(path, bytes) {
        await before(`write ${basename(path)}`, dirname(path));
        await systemFiles.write(path, bytes);
        await take(dirname(path), Buffer.from(bytes));
      },
      async read(path, maxBytes) {
        await before(`read ${basename(path)}`, dirname(path));
        return systemFiles.read(path, maxBytes);
      },
      async removeEntry(entry) {
        await before('remove', entry);
        for (const name of readdirSync(entry)) await rm(join(entry, name));
        await systemFiles.removeEntry(entry);
      },
    },
    end: () => rmSync(folder, { recursive: true, force: true }),
  };
  return kernel;
}

/** As Node reports what the kernel says. */
export function errno(code: string): Error {
  return Object.assign(new Error(`${code}: said the kernel`), { code });
}
