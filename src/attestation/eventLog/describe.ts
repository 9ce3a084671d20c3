import { readUint, toHex } from '../bytes';
import {
  EVENT_ACTION,
  EVENT_APPLICATION,
  EVENT_RUNTIME,
  EVENT_TAG,
  EVENT_TYPES,
  EVENT_VARIABLE_BOOT,
  EVENT_VARIABLE_CONFIG,
  type LoggedEvent,
} from './event';
import { MAX_DESCRIPTION_CHARACTERS } from './limits';
import { readVariable } from './variable';

/** One line about an event, printable ASCII only: what the log claims, which `isProven` says whether to believe. */
export function describeEvent(event: LoggedEvent): string {
  const type = EVENT_TYPES.get(event.type) ?? `event of type 0x${event.type.toString(16)}`;
  const detail = detailOf(event);
  return printable(detail === '' ? type : `${type}: ${detail}`);
}

function detailOf({ type, data, name }: LoggedEvent): string {
  switch (type) {
    case EVENT_VARIABLE_CONFIG:
    case EVENT_VARIABLE_BOOT: {
      const variable = readVariable(data);
      return variable === null ? '' : `${variable.name} (${variable.value.length} bytes)`;
    }
    case EVENT_RUNTIME:
      return data.length === 0 ? name : `${name} = ${text(data) ?? toHex(data)}`;
    case EVENT_TAG:
      // Tag u32, size u32, then a text for a reader.
      return text(data.subarray(8)) ?? '';
    case EVENT_APPLICATION:
      // Where it lies u64, its size u64.
      return data.length < 16 ? '' : `${readUint(data.subarray(8, 14))} bytes`;
    case EVENT_ACTION:
      return text(data) ?? '';
    default:
      return text(data) ?? `${data.length} bytes`;
  }
}

/** Null for what is no text. */
function text(bytes: Uint8Array): string | null {
  const end = bytes.length > 0 && bytes[bytes.length - 1] === 0 ? bytes.length - 1 : bytes.length;
  if (end === 0 || end > MAX_DESCRIPTION_CHARACTERS) return null;
  const characters = bytes.subarray(0, end);
  return characters.every((byte) => byte >= 32 && byte < 127) ? String.fromCharCode(...characters) : null;
}

/** A log is a stranger's words: no control character reaches a terminal. */
function printable(line: string): string {
  const safe = line.replace(/[^\x20-\x7e]/g, '?');
  return safe.length <= MAX_DESCRIPTION_CHARACTERS ? safe : `${safe.slice(0, MAX_DESCRIPTION_CHARACTERS)}...`;
}
