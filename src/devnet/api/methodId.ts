const CRC16_POLYNOMIAL = 0x1021;

/** The id of a get-method: CRC-16/XMODEM of its name with bit 16 set; a number is an id already. */
export function methodIdOf(name: string | number): number {
  if (typeof name === 'number') return name;
  let crc = 0;
  for (const byte of Buffer.from(name)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 0x8000 ? ((crc << 1) ^ CRC16_POLYNOMIAL) & 0xffff : (crc << 1) & 0xffff;
    }
  }
  return crc | 0x10000;
}
