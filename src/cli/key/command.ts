import type { Command } from 'commander';
import { readClientFile } from '../../client';
import { openKeyBooks, type KeyBooks, type Rate } from '../../client/gateway';
import { toJson } from '../connect';
import { limitOf, modelsOf, rateOf, secondsOf } from './terms';
import { keyJson, keyText } from './text';

interface Common {
  config: string;
  json: boolean;
}

interface CreateFlags extends Common {
  name: string;
  limit?: bigint;
  expires?: number;
  rate?: Rate;
  models?: string[];
}

const NAME_MAX_CHARS = 100;
const now = (): number => Date.now() / 1_000;

/** `cocoon key`: API keys of the local gateway. What it does counts at once, also while the gateway runs. */
export function addKeyCommands(cocoon: Command): void {
  const key = cocoon
    .command('key')
    .description('API keys that the local gateway takes, with limits of their own');
  withCommon(key.command('create'))
    .description('issue a key and show it, this once')
    .requiredOption('--name <text>', 'what it is for', nameOf)
    .option('--limit <coins>', 'the most that all its requests may cost, such as 0.5', limitOf)
    .option('--expires <time>', 'it ends after so long, such as 30d', secondsOf)
    .option('--rate <requests>', 'so many requests in so long, such as 60/min', rateOf)
    .option('--models <names>', 'only these, with commas between them', modelsOf)
    .action((flags: CreateFlags) => create(flags));
  withCommon(key.command('list'))
    .description('every key, what it may do and what it spent')
    .action((flags: Common) =>
      withBooks(flags, (books) => {
        const keys = books.list();
        if (flags.json) return print(toJson(keys.map((one) => keyJson(one, books, now()))));
        print(keys.map((one) => keyText(one, books, now())).join('\n') || 'no keys were issued');
      }),
    );
  withCommon(key.command('revoke'))
    .description('end a key now')
    .argument('<key>', 'its id or its name')
    .action((which: string, flags: Common) =>
      withBooks(flags, (books) => {
        const ended = books.revoke(which);
        print(flags.json ? toJson(keyJson(ended, books, now())) : `revoked ${ended.id} (${ended.name})`);
      }),
    );
}

function withCommon(command: Command): Command {
  return command
    .requiredOption('--config <file>', "the client's configuration file: the keys lie in its data directory")
    .option('--json', 'one JSON object instead of text', false);
}

function create(flags: CreateFlags): void {
  withBooks(flags, (books) => {
    const { key, secret } = books.create({
      name: flags.name,
      limitNano: flags.limit ?? null,
      expiresAtUnix: flags.expires === undefined ? null : Math.floor(now()) + flags.expires,
      rate: flags.rate ?? null,
      models: flags.models ?? null,
    });
    if (flags.json) return print(toJson({ ...keyJson(key, books, now()), key: secret }));
    print(`${secret}\n\n${keyText(key, books, now())}`);
    process.stderr.write('The key is shown this once. From now on the gateway asks everybody for a key.\n');
  });
}

function withBooks(flags: Common, use: (books: KeyBooks) => void): void {
  const books = openKeyBooks(readClientFile(flags.config).dataDir, now);
  try {
    use(books);
  } finally {
    books.close();
  }
}

function nameOf(text: string): string {
  return text.trim().slice(0, NAME_MAX_CHARS);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
