import { asciiText } from './bytes';
import { AttestationError } from './errors';
import { MAX_CHAIN_CERTIFICATES, MAX_CHAIN_CHARACTERS } from './limits';

const BEGIN = '-----BEGIN CERTIFICATE-----';
const END = '-----END CERTIFICATE-----';
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const NO_DIGIT = 255;
const VALUE_OF = new Uint8Array(128).fill(NO_DIGIT);
for (let value = 0; value < DIGITS.length; value++) VALUE_OF[DIGITS.charCodeAt(value)] = value;

/**
 * The certificates (DER) of a PEM chain, in its order; only line ends may stand around them. Throws AttestationError
 * `pem_malformed`, also when there are none or more than four.
 */
export function parsePemChain(text: string): Uint8Array[] {
  if (text.length > MAX_CHAIN_CHARACTERS) fail(`is longer than ${MAX_CHAIN_CHARACTERS} characters`);
  const certificates: Uint8Array[] = [];
  let rest = afterLineEnds(text);
  while (rest.length > 0) {
    const end = rest.indexOf(END);
    if (!rest.startsWith(BEGIN) || end < 0) fail('holds something that is no certificate');
    if (certificates.length === MAX_CHAIN_CERTIFICATES)
      fail(`has more than ${MAX_CHAIN_CERTIFICATES} certificates`);
    certificates.push(fromBase64(rest.slice(BEGIN.length, end).replace(/[\r\n]/g, '')));
    rest = afterLineEnds(rest.slice(end + END.length));
  }
  if (certificates.length === 0) fail('has no certificate');
  return certificates;
}

function afterLineEnds(text: string): string {
  return text.replace(/^[\r\n]+/, '');
}

/** The chain in a quote: text that may end with one zero byte, as C writes it. */
export function parsePemBytes(bytes: Uint8Array): Uint8Array[] {
  const text = bytes.at(-1) === 0 ? bytes.subarray(0, -1) : bytes;
  return parsePemChain(asciiText(text, 'pem_malformed', 'the certificate chain'));
}

/** Base64 with its padding and without anything else; throws AttestationError `pem_malformed`. */
export function fromBase64(text: string): Uint8Array {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  if (text.length % 4 !== 0 || text.length === 0) fail('holds base64 of a wrong length');
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let bits = 0;
  let waiting = 0;
  let at = 0;
  for (let i = 0; i < text.length - padding; i++) {
    const value = VALUE_OF[text.charCodeAt(i)] ?? NO_DIGIT;
    if (value === NO_DIGIT) fail('holds a character that is not base64');
    bits = ((bits << 6) | value) & 0xffff;
    waiting += 6;
    if (waiting >= 8) {
      waiting -= 8;
      bytes[at++] = (bits >> waiting) & 0xff;
    }
  }
  if ((bits & ((1 << waiting) - 1)) !== 0) fail('ends with bits that no byte holds');
  return bytes;
}

function fail(reason: string): never {
  throw new AttestationError('pem_malformed', `the certificate chain ${reason}`);
}
