/** CRC-32C (Castagnoli) as the kernel computes it: all bits set at the beginning, not inverted at the end. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  }
  return crc >>> 0;
}

/** Bits reversed. */
const POLYNOMIAL = 0x82f6_3b78;
