import { fromHex } from '../bytes';
import { AttestationError, under } from '../errors';
import { EVENT_NO_ACTION, REGISTER_BYTES, type EventLog, type LoggedEvent, type Register } from './event';
import { MAX_EVENT_BYTES, MAX_EVENT_NAME_CHARACTERS, MAX_EVENTS, MAX_LOG_CHARACTERS } from './limits';

/**
 * A log as guest agents hand it out: a list of
 * `{ "imr": 0..3, "event_type": number, "digest": hex, "event": name, "event_payload": hex }`, where `imr` n is RTMRn.
 * Takes the list, its text, or an object that carries either as `event_log`. Throws AttestationError
 * `event_log_malformed`.
 */
export function parseJsonLog(log: unknown): EventLog {
  const list = listOf(log);
  if (list.length > MAX_EVENTS) fail(`has more than ${MAX_EVENTS} events`);
  return { format: 'json', events: list.map(readEvent).filter(({ type }) => type !== EVENT_NO_ACTION) };
}

function listOf(log: unknown, depth = 0): readonly unknown[] {
  if (Array.isArray(log)) return log;
  // A text in an object in a text: no deeper.
  if (depth > 2) return fail('is no list of events');
  if (typeof log === 'string') return listOf(parseText(log), depth + 1);
  if (isRecord(log) && 'event_log' in log) return listOf(log['event_log'], depth + 1);
  return fail('is no list of events');
}

function parseText(text: string): unknown {
  if (text.length > MAX_LOG_CHARACTERS) fail(`has more than ${MAX_LOG_CHARACTERS} characters`);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new AttestationError('event_log_malformed', 'the event log is no JSON', { cause });
  }
}

function readEvent(entry: unknown, index: number): LoggedEvent {
  const where = `event ${index}`;
  if (!isRecord(entry)) return fail(`has ${where}, which is no object`);
  const { imr, event_type: type, event: name = '', digest, event_payload: data = '' } = entry;
  if (!isRegister(imr)) return fail(`has ${where} in imr ${String(imr)}, which is none of 0 to 3`);
  if (typeof type !== 'number' || !Number.isInteger(type) || type < 0 || type > 0xffff_ffff) {
    return fail(`has ${where} without a type`);
  }
  if (typeof name !== 'string' || name.length > MAX_EVENT_NAME_CHARACTERS) {
    return fail(`has ${where} with a name that is no text of ${MAX_EVENT_NAME_CHARACTERS} characters`);
  }
  const bytes = hex(digest, `the digest of ${where}`);
  if (bytes.length !== REGISTER_BYTES)
    fail(`has ${where} with a digest of ${bytes.length} bytes, not of SHA-384`);
  return { register: imr, type, digest: bytes, data: hex(data, `the payload of ${where}`), name };
}

function hex(text: unknown, what: string): Uint8Array {
  if (typeof text !== 'string' || text.length > 2 * MAX_EVENT_BYTES) {
    return fail(`has ${what} that is no hex text of ${MAX_EVENT_BYTES} bytes`);
  }
  return under('event_log_malformed', `the event log: ${what}`, () => fromHex(text));
}

function isRegister(imr: unknown): imr is Register {
  return imr === 0 || imr === 1 || imr === 2 || imr === 3;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fail(reason: string): never {
  throw new AttestationError('event_log_malformed', `the event log ${reason}`);
}
