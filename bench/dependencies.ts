import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { median } from './harness';
import { significant, type Benchmark } from './report';

const ROOT = path.join(__dirname, '..');
const IMPORT_RUNS = 5;
const MIB = 1024 * 1024;
/** Tools are weighed but not imported: they are started as programs of their own. */
const IMPORTED_TOOLS = ['@ton/sandbox', '@tact-lang/compiler', 'node-llama-cpp', 'openai'];

interface LockedPackage {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}
type Lock = Record<string, LockedPackage>;

/** What each direct dependency costs: megabytes on disk, alone and with all it brings, and processor time to import. */
export const dependencies: Benchmark = {
  name: 'dependencies',
  title: 'What each direct dependency costs',
  async run({ onRound = () => undefined }) {
    const lock = (readJson('package-lock.json') as { packages: Lock }).packages;
    const own = readJson('package.json') as Record<
      'dependencies' | 'devDependencies',
      Record<string, string>
    >;
    const runtime = Object.keys(own.dependencies);
    const names = [...runtime, ...Object.keys(own.devDependencies)];
    const start = importSeconds(null);

    const weighed = names.map((name, index) => {
      const brought = closure(lock, name);
      const imported = runtime.includes(name) || IMPORTED_TOOLS.includes(name);
      onRound(index + 1, names.length);
      return {
        name,
        used: runtime.includes(name) ? 'runtime' : 'development',
        ownMib: folderBytes(`node_modules/${name}`) / MIB,
        allMib: sum([...brought].map(folderBytes)) / MIB,
        packages: brought.size,
        seconds: imported ? Math.max(0, importSeconds(name) - start) : null,
      };
    });
    weighed.sort((a, b) => b.allMib - a.allMib);

    const together = (list: readonly string[]): string => {
      const folders = new Set(list.flatMap((name) => [...closure(lock, name)]));
      return `${significant(sum([...folders].map(folderBytes)) / MIB)} MB in ${folders.size} packages`;
    };
    return {
      counted: {
        header: ['package', 'used', 'own MB', 'with all it brings', 'packages', 'import CPU'],
        rows: weighed.map(({ name, used, ownMib, allMib, packages, seconds }) => [
          name,
          used,
          significant(ownMib),
          significant(allMib),
          String(packages),
          seconds === null ? '' : `${seconds.toFixed(2)} s`,
        ]),
      },
      notes: [
        `At run time ${together(runtime)}; with development ${together(names)}. Packages that several bring are counted in each row, once here.`,
        `Import: processor seconds, median of ${IMPORT_RUNS} fresh processes, less the ${start.toFixed(2)} s that a bare Node takes. Peers are counted as brought.`,
      ],
    };
  },
};

/** The folders of a package and everything it needs, found as Node finds them. */
function closure(lock: Lock, name: string): Set<string> {
  const found = new Set<string>();
  const visit = (from: string, wanted: string): void => {
    const folder = resolve(lock, from, wanted);
    if (folder === null || found.has(folder) || !existsSync(path.join(ROOT, folder))) return;
    found.add(folder);
    const { dependencies: needs, optionalDependencies: may, peerDependencies: peers } = lock[folder]!;
    for (const next of Object.keys({ ...needs, ...may, ...peers })) visit(folder, next);
  };
  visit('', name);
  return found;
}

function resolve(lock: Lock, from: string, wanted: string): string | null {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    const folder = `${at === '' ? '' : `${at}/`}node_modules/${wanted}`;
    if (lock[folder]) return folder;
    if (at === '') return null;
  }
}

/** Disk space of a package without the packages nested in it. */
function folderBytes(folder: string): number {
  const full = path.join(ROOT, folder);
  return sum(
    readdirSync(full, { withFileTypes: true }).map((entry) => {
      if (entry.isDirectory())
        return entry.name === 'node_modules' ? 0 : folderBytes(path.join(folder, entry.name));
      return entry.isFile() ? statSync(path.join(full, entry.name)).size : 0;
    }),
  );
}

/** Processor seconds, since elapsed ones say more about the neighbours. */
function importSeconds(name: string | null): number {
  const what = name === null ? '' : `await import(${JSON.stringify(name)});`;
  const script = `${what} const { user, system } = process.cpuUsage(); console.log(user + system); process.exit(0)`;
  const seconds = Array.from({ length: IMPORT_RUNS }, () => {
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return Number(output.trim().split('\n').at(-1)) / 1e6;
  });
  return median(seconds);
}

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(path.join(ROOT, name), 'utf8'));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
