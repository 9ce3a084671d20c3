import { asciiBytes, concatBytes, equalBytes } from '../bytes';
import type { AttestationCrypto } from '../crypto/types';
import {
  EVENT_ACTION,
  EVENT_RUNTIME,
  EVENT_SEPARATOR,
  EVENT_VARIABLE_CONFIG,
  REGISTER_BYTES,
  type EventLog,
  type LoggedEvent,
} from './event';

export type Registers = readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array];

/** The registers that these events leave: each starts at zero and becomes SHA-384(register ‖ digest) with every event. */
export async function replay(log: EventLog, crypto: AttestationCrypto): Promise<Registers> {
  const registers: [Uint8Array, Uint8Array, Uint8Array, Uint8Array] = [zero(), zero(), zero(), zero()];
  for (const { register, digest } of log.events) {
    registers[register] = await crypto.sha384(concatBytes(registers[register], digest));
  }
  return registers;
}

/**
 * Whether the digest covers what the log says, so that a register which matches proves it. For other events the data
 * only describes something that was measured elsewhere, and anybody can write another description.
 */
export async function isProven(event: LoggedEvent, crypto: AttestationCrypto): Promise<boolean> {
  const measured = measuredText(event);
  return measured !== null && equalBytes(await crypto.sha384(measured), event.digest);
}

/** What is hashed for an event of this type; null where the log does not hold all of it, as with a boot variable's name. */
function measuredText({ type, data, name }: LoggedEvent): Uint8Array | null {
  switch (type) {
    case EVENT_SEPARATOR:
    case EVENT_ACTION:
    case EVENT_VARIABLE_CONFIG:
      return data;
    case EVENT_RUNTIME:
      return concatBytes(littleEndian(type), utf8(`:${name}:`), data);
    default:
      return null;
  }
}

function littleEndian(value: number): Uint8Array {
  return Uint8Array.of(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24);
}

function utf8(text: string): Uint8Array {
  return /^[\x20-\x7e]*$/.test(text) ? asciiBytes(text) : new TextEncoder().encode(text);
}

function zero(): Uint8Array {
  return new Uint8Array(REGISTER_BYTES);
}
