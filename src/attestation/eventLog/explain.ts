import type { Root } from '../../protocol/root';
import { equalBytes, toHex } from '../bytes';
import type { AttestationCrypto } from '../crypto/types';
import { imageId, shape } from '../image';
import type { Quote } from '../quote';
import { describeEvent } from './describe';
import type { EventLog, Register } from './event';
import { isProven, replay } from './replay';

export interface ExplainedEvent {
  /** Hex. */
  digest: string;
  description: string;
  /** True where the digest covers the description, so that a register which matches proves it. */
  proven: boolean;
}

export interface ExplainedRegister {
  register: Register;
  /** What it says about the machine or the software. */
  meaning: string;
  /** Hex, from the quote. */
  quoted: string;
  /** Hex, from the log; null without one. */
  replayed: string | null;
  matches: boolean | null;
  events: readonly ExplainedEvent[];
}

/** What a quote measures and, with an event log, why. */
export interface ImageExplanation {
  root: Root;
  /** Hex: what registries list. */
  imageId: string;
  shape: string;
  /** Hex. */
  tdAttributes: string;
  xfam: string;
  mrTd: string;
  mrConfigId: string;
  mrOwner: string;
  mrOwnerConfig: string;
  registers: readonly ExplainedRegister[];
  /** Whether the log leads to all four registers; null without one. */
  logMatches: boolean | null;
}

/** Which registers make up the image and which the shape: see `imageId` and `shape`. */
const MEANINGS = [
  'shape: firmware settings, ACPI tables, processors and memory',
  'image: kernel and boot loader',
  'image: command line and initial file system',
  'image: what the running system added',
] as const;

/** Names image and shape of a quote; with a log, replays it and explains each register by its events. */
export async function explainImage(
  quote: Quote,
  log: EventLog | null,
  root: Root,
  crypto: AttestationCrypto,
): Promise<ImageExplanation> {
  const { body } = quote;
  const replayed = log && (await replay(log, crypto));
  const registers: ExplainedRegister[] = [];
  for (const register of [0, 1, 2, 3] as const) {
    const quoted = body.rtmrs[register];
    registers.push({
      register,
      meaning: MEANINGS[register],
      quoted: toHex(quoted),
      replayed: replayed && toHex(replayed[register]),
      matches: replayed && equalBytes(replayed[register], quoted),
      events: log ? await explainEvents(log, register, crypto) : [],
    });
  }
  return {
    root,
    imageId: toHex(await imageId(body, root, crypto)),
    shape: toHex(await shape(body, crypto)),
    tdAttributes: toHex(body.tdAttributes),
    xfam: toHex(body.xfam),
    mrTd: toHex(body.mrTd),
    mrConfigId: toHex(body.mrConfigId),
    mrOwner: toHex(body.mrOwner),
    mrOwnerConfig: toHex(body.mrOwnerConfig),
    registers,
    logMatches: log && registers.every(({ matches }) => matches === true),
  };
}

async function explainEvents(
  log: EventLog,
  register: Register,
  crypto: AttestationCrypto,
): Promise<ExplainedEvent[]> {
  const events = log.events.filter((event) => event.register === register);
  return Promise.all(
    events.map(async (event) => ({
      digest: toHex(event.digest),
      description: describeEvent(event),
      proven: await isProven(event, crypto),
    })),
  );
}
