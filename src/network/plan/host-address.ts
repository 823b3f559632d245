import type { IpFamily } from "#base/ip.ts";
import type { IpAddress } from "#kernel/types.ts";

/** Questions about addresses in canonical spelling, answered by looking: a container may publish thousands of ports. */
export function familyOf(address: IpAddress): IpFamily {
  return address.includes(":") ? 6 : 4;
}

/** 0.0.0.0 or ::. */
export function isEveryAddress(address: IpAddress): boolean {
  return address === "0.0.0.0" || address === "::";
}

export function isLoopback(address: IpAddress): boolean {
  return address === "::1" || address.startsWith("127.");
}
