import fc from 'fast-check';
import { commands, createModel, createReal, expectSame } from './escrowCommands';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 200);

/**
 * Whatever clients, workers, strangers and time do, in whatever order, the contract's books are those of the plain
 * rules (I-1 to I-5, I-9, I-11, I-13). A failure prints the seed and the shortest sequence.
 */
test('the escrow keeps the same books as the reference model', async () => {
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 14 }), async (sequence) => {
      const real = await createReal();
      const model = createModel(real);
      await expectSame(model, real);
      await fc.asyncModelRun(() => ({ model, real }), sequence);
    }),
    { numRuns: RUNS },
  );
}, 600_000);
