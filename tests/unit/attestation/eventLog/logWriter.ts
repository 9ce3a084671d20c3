import { createHash } from 'node:crypto';

/** Writes event logs as firmware and guest agents do, every field open to change. */
export interface WrittenEvent {
  /** 0..3: RTMR. */
  register: number;
  type: number;
  data: Buffer;
  /** Default: SHA-384 of `data`. */
  digest?: Buffer;
  name?: string;
}

export const sha384 = (...parts: Buffer[]): Buffer =>
  createHash('sha384').update(Buffer.concat(parts)).digest();

export const digestOf = (event: WrittenEvent): Buffer => event.digest ?? sha384(event.data);

/** What the registers hold after these events: the rule of the TDX module, written down once more. */
export function registersAfter(events: readonly WrittenEvent[]): Buffer[] {
  const registers = Array.from({ length: 4 }, (): Buffer => Buffer.alloc(48));
  for (const event of events) {
    registers[event.register] = sha384(registers[event.register]!, digestOf(event));
  }
  return registers;
}

export const u16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
};
export const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const sized = (data: Buffer): Buffer => Buffer.concat([u32(data.length), data]);

const SHA1 = 4;
const SHA256 = 0x0b;
const SHA384 = 0x0c;

export interface HeaderBend {
  type?: number;
  signature?: string;
  algorithms?: [number, number][];
  after?: Buffer;
}

export function ccelHeader(bend: HeaderBend = {}): Buffer {
  const algorithms = bend.algorithms ?? [
    [SHA256, 32],
    [SHA384, 48],
  ];
  const spec = Buffer.concat([
    Buffer.from(`${bend.signature ?? 'Spec ID Event03'}\0`, 'latin1'),
    u32(0),
    Buffer.from([0, 2, 0, 2]),
    u32(algorithms.length),
    ...algorithms.flatMap(([id, size]) => [u16(id), u16(size)]),
    Buffer.from([0]),
    bend.after ?? Buffer.alloc(0),
  ]);
  return Buffer.concat([u32(1), u32(bend.type ?? 3), Buffer.alloc(20), sized(spec)]);
}

/** One event; the digest of SHA-256 stands before that of SHA-384, as with firmware that writes both. */
export function ccelEvent(event: WrittenEvent, digests?: [number, Buffer][]): Buffer {
  const list = digests ?? [
    [SHA256, Buffer.alloc(32, 7)],
    [SHA384, digestOf(event)],
  ];
  return Buffer.concat([
    u32(event.register + 1),
    u32(event.type),
    u32(list.length),
    ...list.flatMap(([id, digest]) => [u16(id), digest]),
    sized(event.data),
  ]);
}

export const ccel = (events: readonly WrittenEvent[], filler = Buffer.alloc(64, 0xff)): Buffer =>
  Buffer.concat([ccelHeader(), ...events.map((event) => ccelEvent(event)), filler]);

export const jsonLog = (events: readonly WrittenEvent[]): Record<string, unknown>[] =>
  events.map((event) => ({
    imr: event.register,
    event_type: event.type,
    digest: digestOf(event).toString('hex'),
    event: event.name ?? '',
    event_payload: event.data.toString('hex'),
  }));

export { SHA1, SHA256, SHA384 };

/** UEFI_VARIABLE_DATA. */
export function variable(name: string, value: Buffer): Buffer {
  const head = Buffer.alloc(32, 0x61);
  head.writeBigUInt64LE(BigInt(name.length), 16);
  head.writeBigUInt64LE(BigInt(value.length), 24);
  return Buffer.concat([head, Buffer.from(name, 'utf16le'), value]);
}

export function runtimeEvent(name: string, data: Buffer): WrittenEvent {
  const type = 0x0800_0001;
  return { register: 3, type, name, data, digest: sha384(u32(type), Buffer.from(`:${name}:`), data) };
}

/** A boot in short: settings and firmware, a kernel, a command line, two things that the guest added. */
export const BOOT: readonly WrittenEvent[] = [
  { register: 0, type: 0x8000_0001, data: variable('SecureBoot', Buffer.from([1])) },
  { register: 0, type: 0x8000_000a, data: Buffer.from('volume'), digest: sha384(Buffer.from('a volume')) },
  { register: 0, type: 0x04, data: Buffer.alloc(4) },
  { register: 1, type: 0x8000_0003, data: Buffer.alloc(64, 1), digest: sha384(Buffer.from('a kernel')) },
  { register: 1, type: 0x8000_0007, data: Buffer.from('Calling EFI Application from Boot Option') },
  {
    register: 2,
    type: 0x06,
    data: Buffer.concat([u32(1), u32(13), Buffer.from('Linux initrd\0')]),
    digest: sha384(Buffer.from('an initrd')),
  },
  runtimeEvent('image-ready', Buffer.from('v1')),
  runtimeEvent('sealed', Buffer.alloc(0)),
];
