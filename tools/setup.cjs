// Makes a fresh clone ready, with Node's own modules only, then hands over:
//   node tools/setup.cjs                        install and build what is missing or out of date
//   node tools/setup.cjs --then FILE.ts ARGS    ... and run a TypeScript program
//   node tools/setup.cjs --then-run FILE.cjs ARGS   ... and run a tool
const { spawn } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.resolve(__dirname, '..');
const at = (...parts) => path.join(ROOT, ...parts);
const OLDEST_NODE = [20, 19];
const LOG_LINES_SHOWN_ON_FAILURE = 40;

main().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});

async function main() {
  requireNode();
  const lock = await takeLock();
  try {
    await installPackages();
    await buildContracts();
  } finally {
    fs.rmSync(lock, { recursive: true, force: true });
  }
  const [mode, file, ...args] = process.argv.slice(2);
  if (mode === undefined) return;
  if (mode === '--then') handOver(['--import', 'tsx', at(file), ...args]);
  else if (mode === '--then-run') handOver([at(file), ...args]);
  else throw new Error(`setup: unknown option ${mode}`);
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  throw new Error(
    `Node ${OLDEST_NODE.join('.')} or newer is needed, this is ${process.versions.node}: install it from nodejs.org.`,
  );
}

async function installPackages() {
  const marker = at('node_modules', '.lockfile-hash');
  const wanted = hashFiles([at('package-lock.json')]);
  if (readOr(marker, '') === wanted) return;
  await step('Installing packages (npm ci)', 'npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error']);
  fs.writeFileSync(marker, wanted);
}

async function buildContracts() {
  const sources = listFiles(at('contracts')).filter((file) => file.endsWith('.tact'));
  const wanted = hashFiles([at('tact.config.json'), at('package-lock.json'), ...sources]);
  const marker = at('build', '.sources-hash');
  if (readOr(marker, '') === wanted) return;
  await step('Building the contracts (tact)', process.execPath, [
    at('node_modules', '@tact-lang', 'compiler', 'bin', 'tact.js'),
    '--config',
    at('tact.config.json'),
  ]);
  fs.writeFileSync(marker, wanted);
}

/** Runs one command with a visible sign of life; its output is shown only when it fails. */
function step(title, command, args) {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const live = process.stderr.isTTY;
  const say = (text) => process.stderr.write(live ? `\r\x1b[2K${text}` : `${text}\n`);
  say(`${title} ...`);
  const timer = setInterval(() => say(`${title} ... ${seconds()} s`), live ? 1_000 : 15_000);
  return new Promise((resolve, reject) => {
    const output = [];
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (data) => output.push(data));
    child.stderr.on('data', (data) => output.push(data));
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(timer);
      say(`${title}: ${code === 0 ? `done in ${seconds()} s` : 'failed'}${live ? '\n' : ''}`);
      if (code === 0) return resolve();
      const lines = Buffer.concat(output).toString().trimEnd().split('\n');
      reject(new Error(lines.slice(-LOG_LINES_SHOWN_ON_FAILURE).join('\n')));
    });
  });
}

/** Two commands started at once on a fresh clone must not install twice: the second waits for the first. */
async function takeLock() {
  const lock = at('.setup-lock');
  for (let waited = 0; ; waited++) {
    try {
      fs.mkdirSync(lock);
      fs.writeFileSync(path.join(lock, 'pid'), String(process.pid));
      return lock;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!isAlive(Number(readOr(path.join(lock, 'pid'), '0'))) && waited > 0)
      fs.rmSync(lock, { recursive: true, force: true });
    else if (waited === 1) process.stderr.write('Waiting for another set-up of this folder to finish ...\n');
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function isAlive(pid) {
  if (!Number.isInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function handOver(args) {
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('close', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}

function hashFiles(files) {
  const hash = createHash('sha256');
  for (const file of files)
    hash.update(path.relative(ROOT, file)).update('\0').update(fs.readFileSync(file)).update('\0');
  return hash.digest('hex');
}

function listFiles(folder) {
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) =>
      entry.isDirectory() ? listFiles(path.join(folder, entry.name)) : [path.join(folder, entry.name)],
    )
    .sort();
}

function readOr(file, fallback) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return fallback;
  }
}
