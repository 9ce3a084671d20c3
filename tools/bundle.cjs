// Bundles the browser's SDK into one file that a page imports, and says how large it is:
//   node tools/bundle.cjs [--write]   --write puts the sizes into docs/benchmarks.md
// Verification, channel and money are the code of src, unchanged. What is left out is what a page never uses: the code of
// the contracts (their hashes stay, addresses follow from them), the ABI of their bindings, locales, unused wallets.
const { readFileSync, writeFileSync, mkdirSync } = require('node:fs');
const path = require('node:path');
const { gzipSync, brotliCompressSync } = require('node:zlib');
const { Cell } = require('@ton/core');
const { build } = require('esbuild');

const ROOT = path.join(__dirname, '..');
const ENTRY = path.join(ROOT, 'src/browser/index.ts');
const FOLDER = path.join(ROOT, 'dist/browser');
const FILE = 'cocoon.min.js';
const PAGE = path.join(ROOT, 'docs/benchmarks.md');

/** Bundles an entry for browsers; returns its text and what each package and file adds to it. */
async function bundle({ entry = ENTRY, contents, resolveDir = ROOT, plugins = [], ...options } = {}) {
  const { outputFiles, metafile } = await build({
    ...(contents ? { stdin: { contents, resolveDir, loader: 'ts' } } : { entryPoints: [entry] }),
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    write: false,
    metafile: true,
    logLevel: 'error',
    ...options,
    plugins: [...plugins, sources],
  });
  const [inputs] = Object.values(metafile.outputs).map((output) => output.inputs);
  return { text: outputFiles[0].text, parts: partsOf(inputs), files: Object.keys(inputs) };
}

/** Sources as they are, but for what keeps a bundler from leaving out what nobody uses. */
const sources = {
  name: 'sources',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^@ton\/(core|crypto)$/ }, ({ path: name }) => ({
      path: path.join(ROOT, 'src/browser', name === '@ton/core' ? 'tonCore.ts' : 'tonCrypto.ts'),
    }));
    // Every schema of zod can describe itself as JSON Schema; nobody asks.
    onLoad(
      { filter: /zod[\\/]v4[\\/]core[\\/](json-schema-processors|to-json-schema)\.js$/ },
      ({ path: file }) => ({
        contents: readFileSync(file, 'utf8')
          .match(/^export (const|function) \w+/gm)
          .map((line) => `export function ${line.split(' ')[2]}() {}`)
          .join('\n'),
      }),
    );
    onLoad({ filter: /[\\/]build[\\/]\w+[\\/]\w+\.ts$/ }, ({ path: file }) => ({
      contents: slimBinding(readFileSync(file, 'utf8'), file),
      loader: 'ts',
    }));
    onLoad({ filter: /[\\/](src|wrappers)[\\/].*\.ts$/ }, ({ path: file }) => ({
      // As a namespace, zod's locales and unused types can be left out.
      contents: readFileSync(file, 'utf8').replace(
        /^import \{ z \} from 'zod';/m,
        "import * as z from 'zod';",
      ),
      loader: 'ts',
    }));
  },
};

/** A contract's binding with its code by hash, without its ABI and without the methods of @ton/ton's providers. */
function slimBinding(text, file) {
  const byHash = replaceOnce(text, /const __code = Cell\.fromHex\('([0-9a-f]+)'\);/, file, ([, hex]) => {
    const code = Cell.fromHex(hex);
    return `const __code = codeByHash('${code.hash().toString('hex')}', ${code.depth()});`;
  });
  const withoutAbi = replaceOnce(
    byHash,
    /^ {4}readonly abi: ContractABI = \{[^]*?^ {4}\};$/m,
    file,
    () => '',
  );
  const withoutMethods = replaceOnce(withoutAbi, /^ {4}async send\([^]*?(?=^\}$)/m, file, () => '');
  const pure = withoutMethods.replace(
    /^(export const \w+ = )(Cell\.fromHex\("[0-9a-f]+"\)\.beginParse\(\));$/gm,
    '$1/* @__PURE__ */ (() => $2)();',
  );
  return `import { codeByHash } from '${path.join(ROOT, 'src/browser/contractCode.ts')}';\n${pure}`;
}

function replaceOnce(text, pattern, file, replacement) {
  const found = text.match(new RegExp(pattern, `${pattern.flags}g`)) ?? [];
  if (found.length !== 1) throw new Error(`${file}: expected one ${pattern}, found ${found.length}`);
  return text.replace(pattern, (...match) => replacement(match));
}

/** Bytes in the bundle by package, or by room of this project; the largest first. */
function partsOf(inputs) {
  const parts = new Map();
  for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
    const name =
      /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? /((?:src\/)?\w+)\//.exec(file)?.[1] ?? file;
    parts.set(name, (parts.get(name) ?? 0) + bytesInOutput);
  }
  return [...parts].sort((a, b) => b[1] - a[1]).filter(([, bytes]) => bytes > 0);
}

function sizesOf(text) {
  const bytes = Buffer.from(text);
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes).length,
  };
}

module.exports = { bundle, sizesOf };

async function main(args) {
  const { text, parts } = await bundle();
  const sizes = sizesOf(text);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(path.join(FOLDER, FILE), text);
  // The file is a module, whatever the package around it is.
  writeFileSync(path.join(FOLDER, 'package.json'), '{ "type": "module" }\n');
  const shown = Object.entries(sizes).map(([name, bytes]) => `${bytes.toLocaleString('en')} bytes ${name}`);
  process.stdout.write(`dist/browser/${FILE}: ${shown.join(', ')}\n`);
  if (args.includes('--write')) writeDown(sizes, parts);
}

/** Into docs/benchmarks.md, between the markers. */
function writeDown({ raw, gzip, brotli }, parts) {
  const bytes = (count) => count.toLocaleString('en');
  const largest = parts.slice(0, 10).map(([name, count]) => `${name} ${bytes(count)}`);
  const body = [
    `\`node tools/bundle.cjs\`: ${bytes(raw)} bytes, ${bytes(gzip)} with gzip -9, ${bytes(brotli)} with brotli.`,
    `The largest parts, before compression: ${largest.join(', ')}.`,
  ].join('\n');
  const page = readFileSync(PAGE, 'utf8');
  const section = /(<!-- generated: browser -->\n)[^]*?(\n<!-- end: browser -->)/;
  if (!section.test(page)) throw new Error('docs/benchmarks.md has no section "browser"');
  writeFileSync(
    PAGE,
    page.replace(section, (_, begin, end) => `${begin}\n${body}\n${end}`),
  );
}

if (require.main === module) main(process.argv.slice(2));
