import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeCrypto } from '../../../src/attestation/crypto/node';
import { webCrypto } from '../../../src/attestation/crypto/web';
import { AttestationError } from '../../../src/attestation/errors';
import {
  explainImage,
  parseCcel,
  parseEventLog,
  parseJsonLog,
  replay,
  type EventLog,
} from '../../../src/attestation/eventLog';
import { parseQuote } from '../../../src/attestation/quote';
import { createSimulatedHost } from '../../../src/attestation/testing/host';
import {
  BOOT,
  ccel,
  ccelEvent,
  ccelHeader,
  jsonLog,
  registersAfter,
  SHA1,
  SHA256,
  u32,
  type WrittenEvent,
} from './eventLog/logWriter';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const registersOf = async (log: EventLog): Promise<string[]> => (await replay(log, nodeCrypto)).map(hex);
const expected = registersAfter(BOOT).map(hex);

describe('an event log leads to the registers', () => {
  it("firmware's own log does, whatever byte fills the rest of its memory", async () => {
    for (const filler of [Buffer.alloc(64, 0xff), Buffer.alloc(512), Buffer.alloc(0)]) {
      const log = parseCcel(ccel(BOOT, filler));
      expect(log.events).toHaveLength(BOOT.length);
      expect(await registersOf(log)).toEqual(expected);
    }
  });

  it('a list of events does, as a list, as its text, and inside an answer', async () => {
    const list = jsonLog(BOOT);
    for (const log of [
      list,
      JSON.stringify(list),
      { event_log: list },
      { event_log: JSON.stringify(list) },
    ]) {
      expect(await registersOf(parseJsonLog(log))).toEqual(expected);
    }
  });

  it('in a browser it leads to the same', async () => {
    const registers = await replay(parseCcel(ccel(BOOT)), webCrypto());
    expect(registers.map(hex)).toEqual(expected);
  });

  it('a file is read in the format that it has', () => {
    expect(parseEventLog(ccel(BOOT)).format).toBe('ccel');
    expect(parseEventLog(Buffer.from(` \n${JSON.stringify(jsonLog(BOOT))}`)).format).toBe('json');
    expect(parseEventLog(Buffer.from(JSON.stringify({ event_log: jsonLog(BOOT) }))).format).toBe('json');
  });

  it('notes are in no register', async () => {
    const note: WrittenEvent = { register: -1, type: 3, data: Buffer.from('StartupLocality') };
    const log = parseCcel(ccel([note, ...BOOT]));
    expect(log.events).toHaveLength(BOOT.length);
    expect(await registersOf(log)).toEqual(expected);
    expect(await registersOf(parseJsonLog(jsonLog([{ ...note, register: 0 }, ...BOOT])))).toEqual(expected);
  });

  it('a log of nothing leaves zeros', async () => {
    expect(await registersOf(parseCcel(ccel([])))).toEqual(Array(4).fill('00'.repeat(48)));
  });
});

describe('an event log that is none is refused with its place', () => {
  const event = BOOT[0]!;
  const CCELS: [string, Buffer, RegExp][] = [
    ['of another first event', ccelHeader({ type: 4 }), /begins with an event of type 4/],
    ['of another format', ccelHeader({ signature: 'Spec ID Event02' }), /not of TCG's crypto agile format/],
    ['without SHA-384', ccelHeader({ algorithms: [[SHA256, 32]] }), /no digests of SHA-384/],
    ['with short digests', ccelHeader({ algorithms: [[0x0c, 32]] }), /no digests of SHA-384/],
    ['with too many algorithms', ccelHeader({ algorithms: Array(17).fill([0x0c, 48]) }), /17 algorithms/],
    ['with bytes in its header', ccelHeader({ after: Buffer.from([1]) }), /followed by 1 bytes/],
    ['cut in an event', ccel([event], Buffer.alloc(0)).subarray(0, -1), /event 0 ends after/],
    ['with an event in MRTD', ccel([{ ...event, register: -1 }]), /event 0 in register 0/],
    ['with an event beyond RTMR3', ccel([{ ...event, register: 4 }]), /event 0 in register 5/],
    ['with bytes after its end', ccel([event], Buffer.from('ffffffff01', 'hex')), /bytes after its end/],
    [
      'with an event that has no SHA-384',
      Buffer.concat([ccelHeader(), ccelEvent(event, [[SHA256, Buffer.alloc(32)]])]),
      /event 0 without a digest of SHA-384/,
    ],
    [
      'with a digest that it did not name',
      Buffer.concat([ccelHeader(), ccelEvent(event, [[SHA1, Buffer.alloc(20)]])]),
      /algorithm 4, which it did not name/,
    ],
    [
      'with too many digests',
      Buffer.concat([ccelHeader(), u32(1), u32(4), u32(17)]),
      /event 0 with 17 digests/,
    ],
    [
      'with an endless event',
      Buffer.concat([ccelHeader(), ccelEvent(event).subarray(0, -event.data.length - 4), u32(262_145)]),
      /gives event 0 262145 bytes/,
    ],
    ['that is too large', Buffer.alloc(1_048_577), /more than 1048576 bytes/],
  ];
  it.each(CCELS)("firmware's log %s", (_name, bytes, reason) => {
    expect(codeOf(() => parseCcel(bytes))).toBe('event_log_malformed');
    expect(() => parseCcel(bytes)).toThrow(reason);
  });

  it("firmware's log of more events than any boot writes", () => {
    const many = Array<WrittenEvent>(4_097).fill({ register: 0, type: 4, data: Buffer.alloc(0) });
    expect(() => parseCcel(ccel(many))).toThrow(/more than 4096 events/);
    expect(() => parseJsonLog(jsonLog(many))).toThrow(/more than 4096 events/);
  });

  const [good] = jsonLog([event]);
  const LISTS: [string, unknown, RegExp][] = [
    ['that is no list', 7, /no list of events/],
    ['that is an object without one', {}, /no list of events/],
    ['nested too deep', { event_log: { event_log: { event_log: { event_log: [] } } } }, /no list of events/],
    ['that is no JSON', '[', /is no JSON/],
    ['of too many characters', ' '.repeat(4_194_305), /more than 4194304 characters/],
    ['with an entry that is no object', [null], /event 0, which is no object/],
    ['with a register beyond RTMR3', [{ ...good, imr: 4 }], /imr 4/],
    ['without a register', [{ ...good, imr: undefined }], /imr undefined/],
    ['without a type', [{ ...good, event_type: '1' }], /without a type/],
    ['with a type beyond 32 bits', [{ ...good, event_type: 2 ** 32 }], /without a type/],
    ['with a name that is none', [{ ...good, event: 1 }], /with a name/],
    ['with a name without end', [{ ...good, event: 'x'.repeat(257) }], /with a name/],
    ['with a digest of SHA-256', [{ ...good, digest: '00'.repeat(32) }], /digest of 32 bytes/],
    ['with a digest that is no hex', [{ ...good, digest: 'zz'.repeat(48) }], /digest of event 0.*hex/],
    ['with a payload that is no text', [{ ...good, event_payload: [] }], /payload of event 0/],
    ['with a payload without end', [{ ...good, event_payload: '00'.repeat(262_145) }], /payload of event 0/],
  ];
  it.each(LISTS)('a list %s', (_name, log, reason) => {
    expect(codeOf(() => parseJsonLog(log))).toBe('event_log_malformed');
    expect(() => parseJsonLog(log)).toThrow(reason);
  });
});

describe('an image is explained by its events', () => {
  const registers = registersAfter(BOOT);
  const host = createSimulatedHost({ random: (length) => Buffer.alloc(length, 9), nowUnix: 1_780_000_000 });
  const [rtmr0, rtmr1, rtmr2, rtmr3] = registers as [Buffer, Buffer, Buffer, Buffer];
  const quote = parseQuote(host.quote(Buffer.alloc(64), { body: { rtmr0, rtmr1, rtmr2, rtmr3 } }));

  it('a log of this quote matches all four registers', async () => {
    const explained = await explainImage(quote, parseJsonLog(jsonLog(BOOT)), 'simulated', nodeCrypto);
    expect(explained.logMatches).toBe(true);
    expect(explained.registers.map(({ matches }) => matches)).toEqual([true, true, true, true]);
    expect(explained.registers.map(({ events }) => events.map((e) => [e.description, e.proven]))).toEqual([
      [
        ['UEFI variable: SecureBoot (1 bytes)', true],
        ['firmware volume: volume', false],
        ['end of the firmware phase: 4 bytes', true],
      ],
      [
        ['EFI application: 1103823438081 bytes', false],
        ['firmware action: Calling EFI Application from Boot Option', true],
      ],
      [['tagged event: Linux initrd', false]],
      [
        ['runtime event: image-ready = v1', true],
        ['runtime event: sealed', true],
      ],
    ]);
  });

  it('a log with one event changed, dropped or moved matches no more, and only in its own register', async () => {
    const other = BOOT.map((event, i) => (i === 3 ? { ...event, digest: Buffer.alloc(48, 1) } : event));
    const moved = [...BOOT.slice(0, 6), BOOT[7]!, BOOT[6]!];
    for (const [events, register] of [
      [other, 1],
      [BOOT.slice(1), 0],
      [moved, 3],
    ] as const) {
      const { logMatches, registers: seen } = await explainImage(
        quote,
        parseCcel(ccel(events)),
        'simulated',
        nodeCrypto,
      );
      expect(logMatches).toBe(false);
      expect(seen.filter(({ matches }) => !matches).map((r) => r.register)).toEqual([register]);
    }
  });

  it('a description that the digest does not cover is never called proven', async () => {
    const lies = BOOT.map((event) => ({ ...event, digest: event.digest ?? Buffer.alloc(48, 2) }));
    const renamed = lies.map((event) => (event.name ? { ...event, name: `not ${event.name}` } : event));
    const { registers: seen } = await explainImage(
      quote,
      parseJsonLog(jsonLog(renamed)),
      'intel',
      nodeCrypto,
    );
    expect(seen.flatMap(({ events }) => events).filter(({ proven }) => proven)).toEqual([]);
  });

  it('no control character of a log reaches its reader', async () => {
    const nasty = { register: 3, type: 0x0800_0001, name: '\u001b[2J\u0007', data: Buffer.from('x') };
    const log = parseJsonLog(jsonLog([nasty]));
    const { registers: seen } = await explainImage(quote, log, 'intel', nodeCrypto);
    expect(seen[3]!.events[0]!.description).toBe('runtime event: ?[2J? = x');
  });

  it('without a log, registers are named and nothing is compared', async () => {
    const explained = await explainImage(quote, null, 'intel', nodeCrypto);
    expect(explained.logMatches).toBeNull();
    expect(explained.registers.map(({ quoted }) => quoted)).toEqual(registers.map(hex));
    expect(explained.registers.every(({ replayed, matches }) => replayed === null && matches === null)).toBe(
      true,
    );
  });
});

describe('a genuine log', () => {
  const folder = process.env['COCOON_GENUINE_QUOTES'];
  const file = folder === undefined ? null : join(folder, 'v4-with-event-log.json');
  const present = file !== null && existsSync(file);
  if (!present) console.warn('no genuine event log: COCOON_GENUINE_QUOTES names no folder with one');

  (present ? it : it.skip)('leads to the four registers of its quote', async () => {
    const sample = JSON.parse(readFileSync(file!, 'utf8')) as { quote: string; event_log: string };
    const quote = parseQuote(Buffer.from(sample.quote, 'hex'));
    const explained = await explainImage(quote, parseJsonLog(sample), 'intel', nodeCrypto);
    expect(explained.registers.map(({ matches }) => matches)).toEqual([true, true, true, true]);
    const events = explained.registers.flatMap((register) => register.events);
    expect(events).toHaveLength(28);
    expect(events.filter(({ proven }) => proven)).toHaveLength(18);
  });
});

function codeOf(parse: () => unknown): string | null {
  try {
    parse();
    return null;
  } catch (error) {
    return error instanceof AttestationError ? error.code : 'another error';
  }
}
