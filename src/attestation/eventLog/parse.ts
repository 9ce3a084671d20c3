import { parseCcel } from './ccel';
import type { EventLog } from './event';
import { parseJsonLog } from './json';

/** A file of either format: JSON begins with a bracket, a CCEL with a small number. */
export function parseEventLog(bytes: Uint8Array): EventLog {
  const first = bytes.find((byte) => !BLANKS.has(byte));
  const isJson = first === OPEN_LIST || first === OPEN_OBJECT;
  return isJson ? parseJsonLog(new TextDecoder().decode(bytes)) : parseCcel(bytes);
}

const BLANKS = new Set([0x20, 0x09, 0x0a, 0x0d]);
const OPEN_LIST = 0x5b;
const OPEN_OBJECT = 0x7b;
