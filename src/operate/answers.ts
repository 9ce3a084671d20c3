import { Address } from '@ton/core';
import { parseCoins, type Nano } from '../protocol/amounts';
import { CocoonError } from '../protocol/errors';

/**
 * What a command wants to know: from `name=value` on its command line, else from COCOON_NAME in the environment, else
 * from the person at the terminal. A command that is given everything asks nothing.
 */
export interface Answers {
  text(name: string, question: string, fallback?: string): Promise<string>;
  coins(name: string, question: string, fallback?: string): Promise<Nano>;
  integer(name: string, question: string, fallback?: number): Promise<number>;
  address(name: string, question: string, fallback?: Address): Promise<Address>;
  /** Bytes in hex. */
  bytes(name: string, question: string, size: number, fallback?: Buffer): Promise<Buffer>;
  /** Any number of them, with commas between; none by default. */
  byteList(name: string, question: string, size: number): Promise<Buffer[]>;
  /** Throws CocoonError `invalid_request` when an argument was given that no question asked for. */
  finish(): void;
}

/** The answer that stands for an empty list: Enter takes a default. */
const NONE = 'none';

export function createAnswers(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  ask: (question: string) => Promise<string>,
): Answers {
  const given = parseArguments(args);
  const used = new Set<string>();

  async function text(name: string, question: string, fallback?: string): Promise<string> {
    used.add(name);
    const known = given.get(name) ?? env[environmentName(name)];
    if (known !== undefined) return known;
    if (fallback !== undefined && env['COCOON_ASK'] === 'never') return fallback;
    const answer = (await ask(fallback === undefined ? question : `${question} [${fallback}]`)).trim();
    if (answer !== '') return answer;
    if (fallback !== undefined) return fallback;
    throw wrong(name, 'needs a value');
  }

  async function read<T>(name: string, answer: string, parse: (text: string) => T): Promise<T> {
    try {
      return parse(answer);
    } catch (cause) {
      throw wrong(name, `cannot be "${answer}"`, cause);
    }
  }

  return {
    text,
    coins: async (name, question, fallback) =>
      read(name, await text(name, `${question}, in coins`, fallback), parseCoins),
    integer: async (name, question, fallback) =>
      read(name, await text(name, question, fallback?.toString()), parseInteger),
    address: async (name, question, fallback) =>
      read(name, await text(name, question, fallback?.toString()), (answer) => Address.parse(answer)),
    bytes: async (name, question, size, fallback) =>
      read(name, await text(name, `${question}, ${size} bytes in hex`, fallback?.toString('hex')), (answer) =>
        parseHex(answer, size),
      ),
    byteList: async (name, question, size) =>
      read(
        name,
        await text(name, `${question}, ${size} bytes in hex each, commas between`, NONE),
        (answer) => (answer === NONE ? [] : answer.split(',').map((item) => parseHex(item.trim(), size))),
      ),
    finish() {
      const unknown = [...given.keys()].filter((name) => !used.has(name));
      if (unknown.length > 0)
        throw wrong(unknown.join(', '), `is not known here; there are: ${[...used].join(', ')}`);
    },
  };
}

/** `minStake` -> `COCOON_MIN_STAKE`. */
function environmentName(name: string): string {
  return `COCOON_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

function parseArguments(args: readonly string[]): Map<string, string> {
  return new Map(
    args.map((arg): [string, string] => {
      const at = arg.indexOf('=');
      if (at < 1) throw wrong(arg, 'is not of the form name=value');
      return [arg.slice(0, at), arg.slice(at + 1)];
    }),
  );
}

function parseInteger(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new RangeError('not a whole number');
  return Number(text);
}

function parseHex(text: string, size: number): Buffer {
  const hex = text.replace(/^0x/, '');
  if (!new RegExp(`^[0-9a-fA-F]{${size * 2}}$`).test(hex)) throw new RangeError(`not ${size} bytes`);
  return Buffer.from(hex, 'hex');
}

function wrong(name: string, problem: string, cause?: unknown): CocoonError {
  return new CocoonError('invalid_request', `${name} ${problem}.`, cause === undefined ? {} : { cause });
}
