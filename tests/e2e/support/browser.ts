import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { chromium, type BrowserContext } from 'playwright-core';
import type { Plugin } from 'esbuild';

/** What tools/bundle.cjs gives. */
interface Bundler {
  bundle(options: { contents?: string; plugins?: Plugin[] }): Promise<{ text: string }>;
}

export const { bundle } = jest.requireActual<Bundler>('../../../tools/bundle.cjs');

/** A Chromium that talks to nobody but its page. */
export const BROWSER_ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface Site {
  url: string;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
};

/** Serves texts by path on a free port of 127.0.0.1; paths without one are empty pages of the same origin. */
export async function serveSite(texts: ReadonlyMap<string, string>): Promise<Site> {
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    const type = TYPES[extname(path)] ?? 'text/html';
    response.writeHead(200, { 'content-type': `${type}; charset=utf-8` });
    response.end(texts.get(path) ?? `<!doctype html><meta charset="utf-8"><title>${path.slice(1)}</title>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A browser with a profile of its own in that folder. */
export function openBrowser(executablePath: string, folder: string): Promise<BrowserContext> {
  mkdirSync(folder, { recursive: true });
  return chromium.launchPersistentContext(folder, { executablePath, args: BROWSER_ARGUMENTS });
}

/** Every file below a folder. */
export function filesBelow(folder: string): Buffer[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
}
