import { InvalidArgument } from "#base/errors.ts";
import type { EndpointSettings } from "#spec/docker/networks.ts";
import type { EndpointRecord } from "../types.ts";
import type { NetStep } from "./steps.ts";

/** Docker's names for what a user asks of one interface. */
export const SYSCTLS_OPTION = "com.docker.network.endpoint.sysctls";
export const INTERFACE_NAME_OPTION = "com.docker.network.endpoint.ifname";

const LONGEST_NAME = 15;

interface Sysctl {
  /** With "IFNAME" where the interface's name belongs; the stock client makes it lower case. */
  readonly name: string;
  readonly value: string;
}

/** Pure: an interface's own kernel switches, once it has its name. */
export function planEndpointSysctls(endpoint: EndpointRecord, netns: string): NetStep[] {
  return sysctlsOf(endpoint.settings).map(({ name, value }) => ({
    op: "sysctl",
    netns,
    // The name may have a dot in it: only those around IFNAME separate.
    key: name
      .split(".")
      .map((part) => (/^ifname$/i.test(part) ? endpoint.interfaceName : part))
      .join("/"),
    value,
    isRequired: true,
  }));
}

/** "net.ipv4.conf.IFNAME.log_martians=1,net.ipv6.conf.IFNAME.accept_ra=2". @throws InvalidArgument with Docker's text */
export function sysctlsOf({ DriverOpts }: EndpointSettings): Sysctl[] {
  const text = DriverOpts?.[SYSCTLS_OPTION] ?? "";
  return text === "" ? [] : text.split(",").map(parse);
}

/** "lan" for --network name=x,driver-opt=com.docker.network.endpoint.ifname=lan. @throws InvalidArgument */
export function wantedInterfaceName({ DriverOpts }: EndpointSettings): string | undefined {
  const name = DriverOpts?.[INTERFACE_NAME_OPTION];
  if (name === undefined || name === "") return undefined;
  if (name.length > LONGEST_NAME || !/^[^\s/:"*]+$/.test(name) || name === "lo" || /^\.\.?$/.test(name))
    throw new InvalidArgument(
      `invalid endpoint settings:\ninvalid interface name "${name}": expected at most ${LONGEST_NAME} characters, none of them a slash or a colon`,
    );
  return name;
}

function parse(text: string): Sysctl {
  const at = text.indexOf("=");
  const name = text.slice(0, at);
  if (at < 0) throw new InvalidArgument(`expected 'name=value' in network interface sysctl '${text}'`);
  if (!/^net\.(ipv4|ipv6|mpls)\.[a-z]+\.IFNAME\.[a-z0-9_]+$/i.test(name))
    throw new InvalidArgument(
      `unrecognised network interface sysctl '${text}'; represent 'net.X.Y.ethN.Z=V' as 'net.X.Y.IFNAME.Z=V', 'X' must be 'ipv4', 'ipv6' or 'mpls'`,
    );
  return { name, value: text.slice(at + 1) };
}
