import { Internal } from "#base/errors.ts";
import { isErrno } from "#base/fs.ts";
import type { Log } from "#base/log.ts";
import type { HostPorts, IpAddress } from "#kernel/types.ts";
import type { PublishedPortsPolicy } from "#spec/network-rules.ts";
import type { PortTargets } from "../plan/gateway.ts";
import { hostSide } from "../plan/port-text.ts";
import { relayTarget } from "../plan/ports.ts";
import type { PublishedPort } from "../types.ts";
import type { HoldPort } from "./allocator.ts";
import { openTcpRelay } from "./relay-tcp.ts";
import { openUdpRelay } from "./relay-udp.ts";

export interface HoldDeps {
  readonly ports: Pick<HostPorts, "reserve">;
  readonly log: Log;
  readonly policy?: PublishedPortsPolicy;
}

/** Keeps host ports for one container: by silent sockets where the firewall does the work, else by relays. */
export function holdPorts(deps: HoldDeps, targets: PortTargets): HoldPort {
  return (ports) => holdBothFamilies(deps, ports, targets) ?? holdEach(deps, ports, targets);
}

/**
 * All IPv4 and all IPv6 addresses of a port, as most ports are published, take one socket instead of two.
 * @returns undefined where they must be held one by one, if only to learn which of them is taken
 */
function holdBothFamilies(
  { log, policy }: HoldDeps,
  ports: readonly PublishedPort[],
  targets: PortTargets,
): Disposable | undefined {
  const six = ports.find(({ hostAddress }) => hostAddress === "::");
  const target = six && relayTarget(six, targets, policy);
  const isPair = ports.length === 2 && ports.some(({ hostAddress }) => hostAddress === "0.0.0.0");
  if (target === undefined || !isPair) return undefined;
  try {
    return openRelay(six!, target, { log, ipv6Only: false });
  } catch {
    return undefined;
  }
}

function holdEach(deps: HoldDeps, ports: readonly PublishedPort[], targets: PortTargets): Disposable {
  using held = new DisposableStack();
  for (const port of ports)
    held.use(holdOrExplain(port, () => holdOne(deps, port, relayTarget(port, targets, deps.policy))));
  return held.move();
}

function holdOne({ ports, log }: HoldDeps, port: PublishedPort, target: IpAddress | undefined): Disposable {
  const { hostAddress: address, hostPort, protocol } = port;
  if (target === undefined) return ports.reserve({ address, port: hostPort, protocol });
  return openRelay(port, target, { log, ipv6Only: true }); // 0.0.0.0 beside it is held by itself
}

export interface RelayOptions {
  readonly log: Log;
  /** Leave IPv4 to others, on an IPv6 address. */
  readonly ipv6Only: boolean;
}

/**
 * Copies where the firewall cannot: from IPv6 host addresses to containers that have only IPv4, and from ::1. No process
 * and no thread of its own; while the engine is down these addresses, and only these, do not answer.
 * @throws Error with `code` "EADDRINUSE" when a program of the host has the port
 */
export function openRelay(port: PublishedPort, target: IpAddress, options: RelayOptions): Disposable {
  return port.protocol === "udp" ? openUdpRelay(port, target, options) : openTcpRelay(port, target, options);
}

function holdOrExplain(port: PublishedPort, hold: () => Disposable): Disposable {
  try {
    return hold();
  } catch (error) {
    const reason = REASONS.find(({ code }) => isErrno(error, code))?.words ?? (error as Error).message;
    throw new Internal(`failed to bind host port ${hostSide(port)}/${port.protocol}: ${reason}`, {
      cause: error,
    });
  }
}

const REASONS = [
  { code: "EADDRINUSE", words: "address already in use" },
  { code: "EADDRNOTAVAIL", words: "cannot assign requested address" },
  { code: "EACCES", words: "permission denied" },
];
