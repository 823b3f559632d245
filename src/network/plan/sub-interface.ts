import { InvalidArgument } from "#base/errors.ts";
import type { IpvlanFlag, IpvlanMode, MacvlanMode } from "#kernel/types.ts";
import type { EndpointRequest } from "../drivers/types.ts";
import type { NetworkRecord } from "../types.ts";
import { interfaceSteps, ipv6Switches } from "./endpoint.ts";
import { mtuOption } from "./options.ts";
import type { NetStep, SubInterfaceStep } from "./steps.ts";

/** Docker's option keys. */
const OPTION = {
  parent: "parent",
  macvlanMode: "macvlan_mode",
  ipvlanMode: "ipvlan_mode",
  ipvlanFlag: "ipvlan_flag",
} as const;

const MACVLAN_MODES: readonly MacvlanMode[] = ["bridge", "private", "vepa", "passthru"];
const IPVLAN_MODES: readonly IpvlanMode[] = ["l2", "l3", "l3s"];
const IPVLAN_FLAGS: readonly IpvlanFlag[] = ["bridge", "private", "vepa"];
const LONGEST_NAME = 15;
const LAST_VLAN = 4094;

type Type = SubInterfaceStep["type"];

/** The card a network of containers' own addresses stands on. Without one it stands on a dummy, and leads nowhere. */
export function parentOf(kind: Type["kind"], { id, options }: Pick<NetworkRecord, "id" | "options">): string {
  const given = options[OPTION.parent];
  return given || `${kind === "macvlan" ? "dm" : "di"}-${id.slice(0, 12)}`;
}

/** @throws InvalidArgument naming the option */
export function macvlanMode({ options }: Pick<NetworkRecord, "options">): MacvlanMode {
  return oneOf(options, OPTION.macvlanMode, MACVLAN_MODES);
}

export function ipvlanMode({ options }: Pick<NetworkRecord, "options">): IpvlanMode {
  return oneOf(options, OPTION.ipvlanMode, IPVLAN_MODES);
}

export function ipvlanFlag({ options }: Pick<NetworkRecord, "options">): IpvlanFlag {
  return oneOf(options, OPTION.ipvlanFlag, IPVLAN_FLAGS);
}

/** @throws InvalidArgument for a parent that cannot be the name of an interface */
export function checkParent({ name, options }: NetworkRecord): void {
  const parent = options[OPTION.parent];
  if (!parent) return;
  const isName = parent.length <= LONGEST_NAME && /^[^\s/:"*]+$/.test(parent);
  const tag = vlanOf(parent);
  if (!isName || parent === "lo" || (tag && (tag.id < 1 || tag.id > LAST_VLAN)))
    throw new InvalidArgument(
      `network ${name}: parent interface "${parent}" cannot be used: expected an interface of the host, or one with a VLAN tag from 1 to ${LAST_VLAN} as in eth0.10`,
    );
}

/** Pure: "eth0.10" is made on eth0 when it is not there, a dummy where no card is named. */
export function planParent(kind: Type["kind"], network: NetworkRecord): NetStep[] {
  const name = parentOf(kind, network);
  const foreign = network.foreignBridge ?? false;
  if (!network.options[OPTION.parent]) return [{ op: "parent", name, foreign, kind: "dummy" }];
  const tag = vlanOf(name);
  return tag ? [{ op: "parent", name, foreign, kind: "vlan", ...tag }] : [];
}

/** Pure: what gives one container its own place on the card, up to its addresses. */
export function planSubInterface(network: NetworkRecord, request: EndpointRequest, type: Type): NetStep[] {
  const { endpoint, netnsPath, endsWith } = request;
  return [
    {
      op: "sub-interface",
      parent: parentOf(type.kind, network),
      netns: netnsPath,
      name: endpoint.interfaceName,
      mtu: mtuOption(network.options),
      type,
      endsWith,
    },
    ...ipv6Switches(endpoint, netnsPath),
    { op: "links", netns: netnsPath, steps: interfaceSteps(endpoint) },
  ];
}

function vlanOf(parent: string): { readonly on: string; readonly id: number } | undefined {
  const match = /^(.+)\.(\d+)$/.exec(parent);
  return match ? { on: match[1]!, id: Number(match[2]) } : undefined;
}

function oneOf<T extends string>(
  options: Readonly<Record<string, string>>,
  key: string,
  values: readonly T[],
): T {
  const text = options[key];
  if (text === undefined || text === "") return values[0]!;
  const value = values.find((one) => one === text);
  if (value === undefined)
    throw new InvalidArgument(`invalid value "${text}" for option ${key}: expected ${values.join(", ")}`);
  return value;
}
