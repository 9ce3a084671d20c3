// Runs the test suite and closes with one plain line, `N passed, N failed`. Arguments go to Jest.
//   npm test                      everything
//   npm test -- tests/unit        one part
//   npm run gas                   rewrites the committed gas snapshots
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const ROOT = path.resolve(__dirname, '..');
const args = process.argv.slice(2);
const updatesGas = args.includes('--gas-update');
const jestArgs = updatesGas ? ['tests/gas', ...args.filter((arg) => arg !== '--gas-update')] : args;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cocoon-test-'));
const report = path.join(folder, 'jest.json');
const run = spawnSync(
  process.execPath,
  [
    path.join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js'),
    '--json',
    `--outputFile=${report}`,
    ...jestArgs,
  ],
  {
    cwd: ROOT,
    // `--json` prints the report on standard output too; people read Jest's progress on standard error.
    stdio: ['inherit', 'ignore', 'inherit'],
    env: { ...process.env, ...(updatesGas ? { GAS_UPDATE: '1' } : {}) },
  },
);

const result = fs.existsSync(report) ? JSON.parse(fs.readFileSync(report, 'utf8')) : null;
fs.rmSync(folder, { recursive: true, force: true });
if (!result) {
  console.error('The test runner ended without a report.');
  process.exit(run.status || 1);
}
// A file that does not even load counts as one failure.
const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
const skipped = result.numPendingTests > 0 ? `, ${result.numPendingTests} skipped` : '';
console.log(`${result.numPassedTests} passed, ${failed} failed${skipped}`);
process.exit(run.status ?? 1);
