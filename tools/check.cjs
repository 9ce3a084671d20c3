// `npm run check`: everything that must hold before a change lands, the same here and in CI.
//   npm run check -- --except tests      all but the test suite
//   npm run check -- --only types,lint   some of it
const { spawnSync } = require('node:child_process');
const path = require('node:path');

const ROOT = path.resolve(__dirname, '..');
const bin = (name) => path.join(ROOT, 'node_modules', '.bin', name);

const STEPS = {
  'contract format': [bin('tact-fmt'), ['--check', 'contracts']],
  // Every actor's files build on one another, so imports reach through them on purpose.
  // CellBounds does not end on the Platform, whose texts are written by long chains of builders.
  'contract lint': [bin('misti'), ['tact.config.json', '-m', 'medium', '-dd', 'TransitiveImport,CellBounds']],
  format: [bin('prettier'), ['--check', '--log-level', 'warn', '.']],
  lint: [bin('eslint'), ['--max-warnings', '0', '.']],
  types: [bin('tsc'), ['--noEmit', '-p', '.']],
  imports: [bin('depcruise'), ['--config', '.dependency-cruiser.cjs', 'src', 'wrappers', 'scripts', 'bench']],
  'dead code': [bin('knip'), []],
  tests: [process.execPath, [path.join(ROOT, 'tools', 'test.cjs')]],
};

const { only, except } = options(process.argv.slice(2));
const names = Object.keys(STEPS).filter((name) => (!only || only.includes(name)) && !except.includes(name));
const failures = [];
for (const name of names) {
  const [command, args] = STEPS[name];
  const started = Date.now();
  process.stdout.write(`${name} ...\n`);
  const { status } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${name}: ${status === 0 ? 'ok' : 'FAILED'} (${seconds} s)\n`);
  if (status !== 0) failures.push(name);
}
process.stdout.write(
  failures.length === 0 ? `check: all ${names.length} steps ok\n` : `check: failed: ${failures.join(', ')}\n`,
);
process.exit(failures.length === 0 ? 0 : 1);

function options(args) {
  const read = (flag) => {
    const at = args.indexOf(flag);
    return at < 0 ? undefined : (args[at + 1] ?? '').split(',');
  };
  const chosen = { only: read('--only'), except: read('--except') ?? [] };
  const unknown = [...(chosen.only ?? []), ...chosen.except].filter((name) => !(name in STEPS));
  if (unknown.length > 0) {
    process.stderr.write(
      `check: no step named ${unknown.join(', ')}; there are: ${Object.keys(STEPS).join(', ')}\n`,
    );
    process.exit(2);
  }
  return chosen;
}
