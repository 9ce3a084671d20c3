import { asciiText, reader, type Reader } from '../bytes';
import { AttestationError } from '../errors';
import { EVENT_NO_ACTION, REGISTER_BYTES, type EventLog, type LoggedEvent, type Register } from './event';
import { MAX_EVENT_BYTES, MAX_EVENTS, MAX_LOG_BYTES } from './limits';

/**
 * The log that firmware leaves in memory and Linux shows as /sys/firmware/acpi/tables/data/CCEL: TCG's crypto agile
 * format, with measurement registers where a TPM's log has PCRs (UEFI 2.10, 38.4.1). Numbers are little-endian.
 */

const SIGNATURE = 'Spec ID Event03';
const SHA1_BYTES = 20;
const SHA384 = 0x000c;
/** Log index 0 is MRTD, which nothing extends after the start; 1 is RTMR0. */
const FIRST_RTMR = 1;
const LAST_RTMR = 4;
const NO_EVENT = 0xffff_ffff;
const MAX_ALGORITHMS = 16;

/** Reads a CCEL; what follows the last event must be all zeros or all ones. Throws AttestationError `event_log_malformed`. */
export function parseCcel(bytes: Uint8Array): EventLog {
  if (bytes.length > MAX_LOG_BYTES) fail(`has more than ${MAX_LOG_BYTES} bytes`);
  const from = reader(bytes, 'event_log_malformed');
  const digestBytes = readHeader(from);
  const events: LoggedEvent[] = [];
  while (hasEvent(bytes.subarray(bytes.length - from.left()))) {
    if (events.length >= MAX_EVENTS) fail(`has more than ${MAX_EVENTS} events`);
    const event = readEvent(from, digestBytes, events.length);
    if (event !== null) events.push(event);
  }
  return { format: 'ccel', events };
}

/** The rest of the reserved memory is of one byte, 0xff or 0; no event begins with four of either. */
function hasEvent(rest: Uint8Array): boolean {
  if (rest.length === 0) return false;
  const filler = rest[0]!;
  return !((filler === 0 || filler === 0xff) && rest.every((byte) => byte === filler));
}

/** The first event is of the old format and tells the size of each digest: algorithm -> bytes. */
function readHeader(from: Reader): ReadonlyMap<number, number> {
  from.u32('the first register');
  const type = from.u32('the first type');
  if (type !== EVENT_NO_ACTION) fail(`begins with an event of type ${type}, not ${EVENT_NO_ACTION}`);
  from.take(SHA1_BYTES, 'the first digest');
  const spec = reader(take(from, 'the specification event'), 'event_log_malformed');
  const text = asciiText(spec.take(SIGNATURE.length, 'the signature'), 'event_log_malformed', 'signature');
  if (text !== SIGNATURE) fail('is not of TCG\'s crypto agile format ("Spec ID Event03")');
  spec.take(1 + 4 + 4, 'the end of the signature, platform class and version');
  const count = spec.u32('the number of algorithms');
  if (count > MAX_ALGORITHMS) fail(`names ${count} algorithms, more than ${MAX_ALGORITHMS}`);
  const sizes = new Map<number, number>();
  for (let i = 0; i < count; i++) sizes.set(spec.u16('an algorithm'), spec.u16('the size of a digest'));
  spec.take(readByte(spec), "the vendor's words");
  spec.end('the specification event');
  if (sizes.get(SHA384) !== REGISTER_BYTES) fail('has no digests of SHA-384');
  return sizes;
}

/** Null for a note, which is in the log but in no register. */
function readEvent(
  from: Reader,
  digestBytes: ReadonlyMap<number, number>,
  index: number,
): LoggedEvent | null {
  const where = `event ${index}`;
  const register = from.u32(`the register of ${where}`);
  if (register === NO_EVENT) return fail(`has bytes after its end, before ${where}`);
  const type = from.u32(`the type of ${where}`);
  const digest = readDigests(from, digestBytes, where);
  const data = take(from, where);
  if (type === EVENT_NO_ACTION) return null;
  if (register < FIRST_RTMR || register > LAST_RTMR) {
    return fail(`has ${where} in register ${register}; RTMR0 to RTMR3 are ${FIRST_RTMR} to ${LAST_RTMR}`);
  }
  if (digest === null) return fail(`has ${where} without a digest of SHA-384`);
  return { register: (register - FIRST_RTMR) as Register, type, digest, data, name: '' };
}

function readDigests(
  from: Reader,
  digestBytes: ReadonlyMap<number, number>,
  where: string,
): Uint8Array | null {
  const count = from.u32(`the number of digests of ${where}`);
  if (count > MAX_ALGORITHMS) fail(`has ${where} with ${count} digests, more than ${MAX_ALGORITHMS}`);
  let digest: Uint8Array | null = null;
  for (let i = 0; i < count; i++) {
    const algorithm = from.u16(`an algorithm of ${where}`);
    const size = digestBytes.get(algorithm);
    if (size === undefined)
      return fail(`has ${where} with the algorithm ${algorithm}, which it did not name`);
    const bytes = from.take(size, `a digest of ${where}`);
    if (algorithm === SHA384) digest = bytes;
  }
  return digest;
}

function take(from: Reader, where: string): Uint8Array {
  const size = from.u32(`the size of ${where}`);
  if (size > MAX_EVENT_BYTES) fail(`gives ${where} ${size} bytes, more than ${MAX_EVENT_BYTES}`);
  return from.take(size, where);
}

function readByte(from: Reader): number {
  return from.take(1, "the size of the vendor's words")[0]!;
}

function fail(reason: string): never {
  throw new AttestationError('event_log_malformed', `the event log ${reason}`);
}
