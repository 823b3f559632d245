import { IPPROTO } from "../ffi/constants.ts";
import { ipBytes } from "../ip-bytes.ts";
import type { FirewallField } from "../types.ts";

/** IFNAMSIZ. */
const IFNAME_BYTES = 16;

/**
 * The bytes nftables compares for a key or value. Fields of a concatenation are each padded to its four-byte
 * registers; a single field has exactly its type's length.
 */
export function encodeFields(fields: readonly FirewallField[]): Uint8Array {
  const encoded = fields.map(encodeField);
  return encoded.length === 1 ? (encoded[0] as Uint8Array) : Buffer.concat(encoded.map(padded));
}

/** `10.0.0.1 . tcp . 80`, as nft prints it. */
export function describeFields(fields: readonly FirewallField[]): string {
  return fields.map((field) => String(field.value)).join(" . ");
}

function encodeField(field: FirewallField): Uint8Array {
  switch (field.kind) {
    case "ipv4":
    case "ipv6":
      return address(field.value, field.kind === "ipv4" ? 4 : 16);
    case "port":
      return Uint8Array.of(field.value >> 8, field.value & 0xff);
    case "protocol":
      return Uint8Array.of(PROTOCOLS[field.value]);
    case "ifname":
      return interfaceName(field.value);
    case "mark":
      return littleEndian(field.value);
    case "bytes":
      return Buffer.from(field.value, "hex");
    case "goto":
      throw new Error(`a verdict is no field of a key: goto ${field.value}`);
  }
}

const PROTOCOLS = { tcp: IPPROTO.TCP, udp: IPPROTO.UDP, sctp: IPPROTO.SCTP } as const;

function address(text: string, length: 4 | 16): Uint8Array {
  const bytes = ipBytes(text);
  if (bytes.length !== length) throw new Error(`not an IPv${length === 4 ? 4 : 6} address: ${text}`);
  return bytes;
}

function interfaceName(name: string): Uint8Array {
  if (Buffer.byteLength(name) >= IFNAME_BYTES) throw new Error(`interface name too long: ${name}`);
  const bytes = Buffer.alloc(IFNAME_BYTES);
  bytes.write(name);
  return bytes;
}

/** Marks are host integers, little-endian on both our architectures; all else is in network order. */
function littleEndian(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Network order, as nf_tables wants its numbers. Negative ones are two's complement. */
export function be32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
}

function padded(bytes: Uint8Array): Uint8Array {
  const rest = (4 - (bytes.length % 4)) % 4;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(rest)]);
}
