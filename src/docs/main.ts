import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { generatedFiles } from './generated';

/** `npx tsx src/docs/main.ts`: writes every generated file that has drifted, and names it. */
const root = path.join(__dirname, '../..');
for (const generated of generatedFiles()) {
  const file = path.join(root, generated.path);
  const current = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const wanted = generated.render(current);
  if (wanted === current) continue;
  writeFileSync(file, wanted);
  console.log(`wrote ${generated.path}`);
}
