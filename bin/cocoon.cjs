#!/usr/bin/env node
// The `cocoon` command of a checkout: runs src/cli/main.ts with TypeScript stripped on the fly.
const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.resolve(__dirname, '..');

// A fresh checkout installs and builds first, as `npm run demo` does; the build is the last step.
if (!fs.existsSync(path.join(ROOT, 'build', '.sources-hash'))) {
  const { status } = spawnSync(process.execPath, [path.join(ROOT, 'tools', 'setup.cjs')], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

const main = path.join(ROOT, 'src', 'cli', 'main.ts');
const child = spawn(process.execPath, ['--import', require.resolve('tsx'), main, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('close', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
