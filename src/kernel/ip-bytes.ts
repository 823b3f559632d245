import { formatIp, type IpFamily, parseCidr, parseIp } from "#base/ip.ts";
import type { IpAddress } from "./types.ts";

const BYTES = { 4: 4, 6: 16 } as const;

/**
 * An address in network byte order, as the kernel takes it: 4 bytes or 16.
 * @throws Error when the text is no address: the caller has checked what users typed
 */
export function ipBytes(address: IpAddress): Uint8Array {
  const ip = parseIp(address);
  if (!ip) throw new Error(`not an IP address: ${address}`);
  return bytesOf(ip.value, ip.family);
}

/** The canonical text of 4 or 16 bytes. */
export function ipText(bytes: Uint8Array): IpAddress {
  const value = BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
  return formatIp({ family: bytes.length === 4 ? 4 : 6, value });
}

/** `10.0.0.0/8` to the bytes of its lowest address and its prefix length. */
export function prefixBytes(cidr: string): { readonly bytes: Uint8Array; readonly prefixLength: number } {
  const prefix = parseCidr(cidr)?.prefix;
  if (!prefix) throw new Error(`not a network in CIDR form: ${cidr}`);
  return { bytes: bytesOf(prefix.first, prefix.family), prefixLength: prefix.length };
}

function bytesOf(value: bigint, family: IpFamily): Uint8Array {
  return Buffer.from(value.toString(16).padStart(BYTES[family] * 2, "0"), "hex");
}
