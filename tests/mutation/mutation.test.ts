import { Logger, run } from '@tact-lang/compiler';
import { Cell } from '@ton/core';
import { contractSources, type Sources } from '../support/tactSources';
import { compileAlone, importedBy } from './compile';
import { collect, words } from './harness';
import { hashOf, linked } from './link';
import { createMutants, mutantsOf } from './mutants';
import { createReport } from './report';
import { readResults } from './results';
import { filesIn, targetsOf } from './scope';
import { REASONS } from './survivors';
import { readBuild, TARGETS, type Built, type Target } from './targets';

const FILE = 'contracts/escrow/sample.tact';
const SAMPLE = `
const LIMIT: Int = 24 * 3600;
const GAS_SAMPLE: Int = 500;
const SAMPLE_BITS: Int = 64;
const ERROR_SAMPLE: Int = 1299;
fun spend(amount: Int, left: Int): Int {
    throwUnless(ERROR_SAMPLE, amount == 0 || min(amount, left) > 5);
    if (left /* > */ <= amount) {
        return 0;
    }
    nativeReserve(left, ReserveExact | ReserveBounceIfActionFail);
    left -= amount;
    return left;
}
contract Sample {
    last: Bool;
    receive(msg: Slice) {
        throwUnless(ERROR_SAMPLE, sender() == myAddress());
        self.last = true;
        sendRawMessage(beginCell().storeUint(7, 8).endCell(), SendRemainingBalance);
    }
}
`;

const found = (source: string): string[] =>
  mutantsOf(FILE, source).map(({ id, diff }) => `${id.replace('escrow/sample.tact ', '')}: ${diff}`);

describe('the mutator', () => {
  test('offers each slip once, and says what it changes', () => {
    const guard = 'throwUnless(ERROR_SAMPLE, amount == 0 || min(amount, left) > 5);';
    const sender = 'throwUnless(ERROR_SAMPLE, sender() == myAddress());';
    const reserve = 'nativeReserve(left, ReserveExact | ReserveBounceIfActionFail);';
    const send = 'sendRawMessage(beginCell().storeUint(7, 8).endCell(), SendRemainingBalance);';
    expect(found(SAMPLE)).toEqual([
      'LIMIT constant+1 1: const LIMIT: Int = 24 * 3600; -> const LIMIT: Int = (24 * 3600) + 1;',
      'LIMIT constant-1 1: const LIMIT: Int = 24 * 3600; -> const LIMIT: Int = (24 * 3600) - 1;',
      'LIMIT constant=0 1: const LIMIT: Int = 24 * 3600; -> const LIMIT: Int = 0;',
      'GAS_SAMPLE constant=0 1: const GAS_SAMPLE: Int = 500; -> const GAS_SAMPLE: Int = 0;',
      'SAMPLE_BITS constant+1 1: const SAMPLE_BITS: Int = 64; -> const SAMPLE_BITS: Int = 64 + 1;',
      `spend drop-guard 1: ${guard} -> (nothing)`,
      `spend invert-guard 1: ${guard} -> ${guard.replace('Unless', 'If')}`,
      `spend swap|| 1: ${guard} -> ${guard.replace('||', '&&')}`,
      `spend shift== 1: ${guard} -> ${guard.replace('==', '!=')}`,
      `spend constant+1 1: ${guard} -> ${guard.replace('0', '1')}`,
      `spend shift> 1: ${guard} -> ${guard.replace('>', '>=')}`,
      `spend swap-min 1: ${guard} -> ${guard.replace('min', 'max')}`,
      `spend constant+1 2: ${guard} -> ${guard.replace('5', '6')}`,
      `spend constant-1 1: ${guard} -> ${guard.replace('5', '4')}`,
      'spend shift<= 1: if (left /* > */ <= amount) { -> if (left /* > */ < amount) {',
      'spend drop-return 1: return 0; -> (nothing)',
      'spend constant+1 3: return 0; -> return 1;',
      `spend drop-reserve 1: ${reserve} -> (nothing)`,
      `spend mode-drop 1: ${reserve} -> ${reserve.replace(' | ReserveBounceIfActionFail', '')}`,
      `spend mode-drop 2: ${reserve} -> ${reserve.replace('ReserveExact | ', '')}`,
      'spend drop-write 1: left -= amount; -> (nothing)',
      'spend swap-= 1: left -= amount; -> left += amount;',
      `receive(Slice) drop-guard 1: ${sender} -> (nothing)`,
      `receive(Slice) invert-guard 1: ${sender} -> ${sender.replace('Unless', 'If')}`,
      'receive(Slice) drop-write 1: self.last = true; -> (nothing)',
      'receive(Slice) flip 1: self.last = true; -> self.last = false;',
      `receive(Slice) drop-send 1: ${send} -> (nothing)`,
      `receive(Slice) constant+1 1: ${send} -> ${send.replace('7', '8')}`,
      `receive(Slice) constant+1 2: ${send} -> ${send.replace(', 8', ', 9')}`,
      `receive(Slice) mode=0 1: ${send} -> ${send.replace('SendRemainingBalance', '0')}`,
    ]);
  });

  test('names a mutant by what it is, not by its line', () => {
    const moved = SAMPLE.replace(
      'fun spend',
      '// A word.\n\nfun other(): Int {\n    return 1;\n}\n\nfun spend',
    );
    const inSpend = found(moved).filter((line) => !line.startsWith('other'));
    expect(inSpend).toEqual(found(SAMPLE));
  });
});

/** A parent that names its child's code, and the child. */
const pair = (answer: number): Sources => ({
  'escrow.tact': `import "./worker.tact";
contract Escrow { get fun child(): Int { return (codeOf Worker).hash() + contractAddress(initOf Worker(1)).asSlice().bits(); } }`,
  'worker.tact': `contract Worker(index: Int as uint16) { get fun answer(): Int { return ${answer} + self.index; } }`,
});

describe('a mutant is put into its parents', () => {
  test('and with nothing changed the Escrow has the code that was built', async () => {
    const built = readBuild();
    const target = TARGETS.find(({ contract }) => contract === 'Escrow')!;
    const Escrow = await compileAlone(importedBy(contractSources(), target.entry), target);
    expect(linked(built, { Escrow }).map(({ code }) => hashOf(code))).toEqual(
      built.map(({ code }) => hashOf(code)),
    );
  });

  test('with the code that a whole build gives', async () => {
    const [before, after] = [await wholeBuild(pair(41)), await wholeBuild(pair(42))];
    const target: Target = { contract: 'Worker', entry: 'worker.tact', external: false };
    const changed = { Worker: await compileAlone(importedBy(pair(42), target.entry), target) };
    const hashes = (built: readonly Built[]): string[] => built.map(({ code }) => hashOf(code));
    expect(hashes(linked(before, changed))).toEqual(hashes(after));
    expect(hashes(before)).not.toEqual(hashes(after));
  });

  test('and is compiled for the contracts alone that come to what it changes', () => {
    const sources = contractSources();
    const contractsOf = (file: string, scope: string): string[] => {
      const mutant = mutantsOf(file, sources[file]!).find((each) => each.scope === scope)!;
      return targetsOf(mutant, sources).map(({ contract }) => contract);
    };
    expect(contractsOf('contracts/worker/limits.tact', 'KEY_SECONDS')).toEqual(['Worker']);
    expect(contractsOf('contracts/worker/gas.tact', 'hopFee')).toContain('Router');
    expect(contractsOf('contracts/escrow/escrow.tact', 'receive(Settle)')).toEqual(['Escrow']);
  });
});

/** Both contracts by the compiler's front door. */
async function wholeBuild(sources: Sources): Promise<Built[]> {
  const files = Object.fromEntries(
    Object.entries(sources).map(([file, text]) => [file, Buffer.from(text).toString('base64')]),
  );
  const project = {
    name: 'Whole',
    path: 'escrow.tact',
    output: 'out',
    options: { debug: false, external: false },
  };
  const logger = new Logger();
  logger.info = logger.debug = () => undefined;
  await run({ config: { projects: [project] }, files, logger });
  return (['Worker', 'Escrow'] as const).map((contract): Built => {
    const hex = Buffer.from(files[`out/Whole_${contract}.code.boc`]!, 'base64').toString('hex');
    return { project: 'Escrow', contract, hex, code: Cell.fromHex(hex) };
  });
}

test('suites run outside Jest as they do in it: hooks once or around each test, rows as tests, failures kept', async () => {
  const log: string[] = [];
  const { tests, close } = collect(() => {
    words.describe('outer', () => {
      words.beforeAll(() => log.push('all'));
      words.beforeEach(() => log.push('each'));
      words.afterAll(() => log.push('end'));
      words.test.each([
        [1, 'one'],
        [2, 'two'],
      ])('row %s', (...row) => log.push(row.join(' ')));
      words.test('fails', () => {
        throw new Error('so');
      });
    });
  });
  expect(tests.map(({ name }) => name)).toEqual(['outer > row 1', 'outer > row 2', 'outer > fails']);
  await tests[1]!.run();
  await tests[0]!.run();
  await expect(tests[2]!.run()).rejects.toThrow('so');
  await close();
  expect(log).toEqual(['all', 'each', '2 two', 'each', '1 one', 'each', 'end']);
});

describe('tests/mutation/results.tsv', () => {
  const sources = contractSources();
  const mutants = createMutants(sources, filesIn(sources));
  const results = readResults();
  const report = createReport(mutants, results);

  test('lists mutants of the contracts as they are; `npm run mutation -- --list` takes the others out', () => {
    const ids = new Set(mutants.map(({ id }) => id));
    expect(ids.size).toBe(mutants.length);
    expect([...results.keys()].filter((id) => !ids.has(id))).toEqual([]);
  });

  test('shows that at least nine in ten of those that were run died', () => {
    expect(report.score).toBeGreaterThanOrEqual(0.9);
    expect(report.equivalent).toBeLessThanOrEqual(0.05 * report.mutants);
  });

  test('has a reason for each survivor, and none for another', () => {
    expect(report.survivors.filter(({ reason }) => reason === '').map(({ id }) => id)).toEqual([]);
    const survivors = report.survivors.map(({ id }) => id);
    expect(Object.keys(REASONS).filter((id) => !survivors.includes(id))).toEqual([]);
  });
});
