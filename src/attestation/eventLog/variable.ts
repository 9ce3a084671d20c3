import { readUint } from '../bytes';

/** UEFI_VARIABLE_DATA: vendor id 16, characters of the name u64, bytes of the value u64, name in UCS-2, value. */
export function readVariable(data: Uint8Array): { name: string; value: Uint8Array } | null {
  if (data.length < HEAD_BYTES) return null;
  const characters = readUint(data.subarray(16, 22));
  const bytes = readUint(data.subarray(24, 30));
  if (HEAD_BYTES + 2 * characters + bytes !== data.length) return null;
  const name = data.subarray(HEAD_BYTES, HEAD_BYTES + 2 * characters);
  return { name: ucs2(name), value: data.subarray(HEAD_BYTES + 2 * characters) };
}

const HEAD_BYTES = 32;

function ucs2(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i + 1 < bytes.length; i += 2)
    text += String.fromCharCode(readUint(bytes.subarray(i, i + 2)));
  return text;
}
