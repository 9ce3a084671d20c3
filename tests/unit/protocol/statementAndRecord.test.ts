import { createHash } from 'node:crypto';
import fc from 'fast-check';
import {
  JobOutcome,
  jobRecordFields,
  jobRecordImage,
  parseJobRecord,
  type JobRecord,
} from '../../../src/protocol/jobRecord';
import {
  STATEMENT_BYTES,
  StatementRole,
  modelsCell,
  modelsRoot,
  parseStatement,
  statementCell,
  statementFields,
  statementHash,
  statementImage,
} from '../../../src/protocol/statement';
import { bytes, structOf } from './arbitraries';

describe('statement', () => {
  const statements = structOf(statementFields).map((value) => ({ ...value, role: StatementRole.Worker }));

  it('takes 217 bytes: 127 in its cell, 90 in the one below', () => {
    fc.assert(
      fc.property(statements, (statement) => {
        const image = statementImage(statement);
        const slice = statementCell(image).beginParse();
        expect([slice.remainingBits, slice.remainingRefs]).toEqual([127 * 8, 1]);
        const rest = slice.loadRef().beginParse();
        expect([rest.remainingBits, rest.remainingRefs]).toEqual([90 * 8, 0]);
        expect(Buffer.concat([slice.loadBuffer(127), rest.loadBuffer(90)])).toEqual(image);
        expect(parseStatement(image)).toEqual(statement);
        expect(statementHash(image)).toEqual(createHash('sha256').update(image).digest());
      }),
    );
  });

  it('begins with its magic and version, and is refused with any other', () => {
    const [statement] = fc.sample(statements, { numRuns: 1, seed: 1 }) as [never];
    const image = statementImage(statement);
    expect(image.subarray(0, 5).toString('latin1')).toBe('CCNS\x01');
    image[4] = 2;
    expect(() => parseStatement(image)).toThrow(RangeError);
    image[4] = 1;
    image[5] = 2;
    expect(() => parseStatement(image)).toThrow('Statement.role: 2 is unknown');
    image[5] = 1;
    expect(parseStatement(image)).toEqual(statement);
  });

  it('of an unknown role is not written, and no cell is made of a wrong size', () => {
    const [statement] = fc.sample(statements, { numRuns: 1, seed: 2 }) as [
      Parameters<typeof statementImage>[0],
    ];
    expect(() => statementImage({ ...statement, role: 0 as StatementRole })).toThrow(RangeError);
    expect(() => statementCell(Buffer.alloc(STATEMENT_BYTES - 1))).toThrow(RangeError);
    expect(() => statementCell(Buffer.alloc(STATEMENT_BYTES + 1))).toThrow(RangeError);
  });
});

describe('root of the models', () => {
  it('depends on the set of models, not on order or repetition', () => {
    fc.assert(
      fc.property(fc.array(bytes(32), { maxLength: 8 }), (models) => {
        expect(modelsRoot([...models].reverse())).toEqual(modelsRoot(models));
        expect(modelsRoot([...models, ...models])).toEqual(modelsRoot(models));
      }),
    );
  });

  it('differs for another set', () => {
    const [a, b] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const roots = [[], [a], [b], [a, b]].map((models) => modelsRoot(models).toString('hex'));
    expect(new Set(roots).size).toBe(4);
  });

  it('takes hashes of 32 bytes only, so that no two lists join to the same bytes', () => {
    expect(() => modelsRoot([Buffer.alloc(31)])).toThrow(RangeError);
    expect(() => modelsRoot([Buffer.alloc(64)])).toThrow(RangeError);
  });
});

describe('models for the chain', () => {
  const model = (n: number): Buffer => Buffer.alloc(32, n);
  const cellsOf = (count: number): number[] => {
    const sizes: number[] = [];
    let cell = modelsCell(Array.from({ length: count }, (_, n) => model(n)).reverse()).beginParse();
    for (;;) {
      sizes.push(cell.remainingBits / 256);
      if (cell.remainingRefs === 0) return sizes;
      cell = cell.loadRef().beginParse();
    }
  };

  it('lie in ascending order, each once, three in a cell', () => {
    expect([0, 1, 3, 4, 6, 16].map(cellsOf)).toEqual([[0], [1], [3], [3, 1], [3, 3], [3, 3, 3, 3, 3, 1]]);
    const cell = modelsCell([model(2), model(1), model(2)]).beginParse();
    expect([cell.loadBuffer(32), cell.loadBuffer(32)]).toEqual([model(1), model(2)]);
  });

  it('are sixteen at most, of 32 bytes each', () => {
    const many = Array.from({ length: 17 }, (_, n) => model(n));
    expect(() => modelsCell(many)).toThrow('Statement: 17 models, 16 at most');
    expect(() => modelsCell([Buffer.alloc(31)])).toThrow(RangeError);
  });
});

describe('job record', () => {
  const [sample] = fc.sample(structOf(jobRecordFields), { numRuns: 1, seed: 3 }) as [unknown];
  const record = { ...(sample as JobRecord), outcome: JobOutcome.Partial };

  it('takes 230 bytes, and both outcomes are read back', () => {
    for (const outcome of [JobOutcome.Completed, JobOutcome.Partial]) {
      const image = jobRecordImage({ ...record, outcome });
      expect(image).toHaveLength(230);
      expect(parseJobRecord(image)).toEqual({ ...record, outcome });
    }
  });

  it('of an unknown outcome or version is neither written nor read', () => {
    for (const outcome of [0, 3] as number[] as JobOutcome[]) {
      expect(() => jobRecordImage({ ...record, outcome })).toThrow(
        `JobRecord.outcome: ${outcome} is unknown`,
      );
      const image = jobRecordImage(record);
      image[229] = outcome;
      expect(() => parseJobRecord(image)).toThrow(RangeError);
    }
    const image = jobRecordImage(record);
    image[0] = 2;
    expect(() => parseJobRecord(image)).toThrow(RangeError);
  });

  it('shares no memory with the bytes it came from', () => {
    const image = jobRecordImage(record);
    const read = parseJobRecord(image);
    image.fill(0);
    expect(read).toEqual(record);
  });
});
