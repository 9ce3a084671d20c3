/** Looking for a text in bytes, in every form that it is likely to be written in. */

/** The forms, each with every alignment that its encoding has. */
export function formsOf(text: string): Map<string, Buffer[]> {
  const bytes = Buffer.from(text, 'utf8');
  const hex = bytes.toString('hex');
  const percent = hex.replace(/../g, '%$&');
  const ascii = (...written: string[]): Buffer[] => written.map((one) => Buffer.from(one, 'latin1'));
  const utf16 = Buffer.from(text, 'utf16le');
  return new Map([
    ['plain', [bytes]],
    ['base64', ascii(...base64Cores(bytes))],
    ['base64url', ascii(...base64Cores(bytes).map((core) => core.replace(/\+/g, '-').replace(/\//g, '_')))],
    ['hex', ascii(hex, hex.toUpperCase())],
    ['utf-16', [utf16, Buffer.from(utf16).swap16()]],
    ['percent', ascii(percent, percent.toUpperCase(), encodeURIComponent(text))],
    ['JSON', ascii(asciiJson(text))],
  ]);
}

/** The names of the forms in which `text` stands somewhere in `haystacks`. */
export function formsFound(text: string, haystacks: readonly Buffer[]): string[] {
  return [...formsOf(text)]
    .filter(([, needles]) => needles.some((needle) => haystacks.some((hay) => hay.includes(needle))))
    .map(([name]) => name);
}

/** What base64 makes of the bytes at each of the three places in a group, without the digits that neighbours share. */
function base64Cores(bytes: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]);
    const firstOwn = Math.ceil((before * 8) / 6);
    const ownEnd = Math.floor((whole.length * 8) / 6);
    return whole.toString('base64').slice(firstOwn, ownEnd);
  });
}

/** JSON with every character beyond ASCII written as an escape. */
function asciiJson(text: string): string {
  const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(text)
    .slice(1, -1)
    .replace(/[\u0080-\uffff]/g, escape);
}
