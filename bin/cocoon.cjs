#!/usr/bin/env node
// The `cocoon` command of a checkout: runs src/cli/main.ts with TypeScript stripped on the fly.
const { spawn } = require('node:child_process');
const path = require('node:path');

const main = path.resolve(__dirname, '..', 'src', 'cli', 'main.ts');
const child = spawn(process.execPath, ['--import', require.resolve('tsx'), main, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('close', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
