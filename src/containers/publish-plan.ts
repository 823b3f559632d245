/** What publishing and withdrawing ports makes of a container's configuration. Pure. */
import { Conflict, InvalidArgument } from "#base/errors.ts";
import { canonicalIp } from "#base/ip.ts";
import { parsePort } from "#network/plan/ports.ts";
import type { PublishedPort } from "#network/types.ts";
import type { HostConfig, PortBinding, PortMap } from "#spec/docker/containers.ts";
import { networkKind } from "./modes.ts";
import type { ContainerRecord } from "./types.ts";

export interface PublishRequest {
  readonly add: PortMap;
  /** Host sides narrow it down: those left out match every one. */
  readonly remove: PortMap;
}

export interface PublishPlan {
  /** From the next start on. */
  readonly hostConfig: HostConfig;
  /** Of those the container publishes now. */
  readonly withdrawn: readonly PublishedPort[];
}

/**
 * @param published what a running container publishes now; undefined for one that does not run
 * @throws Conflict for what is not published or cannot be, InvalidArgument for a port that is none
 */
export function planPublish(
  record: ContainerRecord,
  request: PublishRequest,
  published: readonly PublishedPort[] | undefined,
): PublishPlan {
  checkHasOwnNetwork(record);
  const before = published ? withoutPublishAll(record, published) : record.hostConfig;
  const bindings: PortMap = { ...before.PortBindings };
  const withdrawn = new Set<PublishedPort>();
  for (const [text, hosts] of entriesOf(request.remove))
    for (const host of hosts) {
      const found = (published ?? []).filter((port) => matches(port, text, host));
      for (const port of found) withdrawn.add(port);
      const left = withoutBinding(bindings[keyOf(text)] ?? [], host, found);
      if (found.length === 0 && left.length === (bindings[keyOf(text)] ?? []).length)
        throw notPublished(record, text, host);
      if (left.length > 0) bindings[keyOf(text)] = left;
      else delete bindings[keyOf(text)];
    }
  for (const [text, hosts] of entriesOf(request.add))
    bindings[keyOf(text)] = [...(bindings[keyOf(text)] ?? []), ...hosts];
  return { hostConfig: { ...before, PortBindings: bindings }, withdrawn: [...withdrawn] };
}

function checkHasOwnNetwork({ name, hostConfig }: ContainerRecord): void {
  const kind = networkKind(hostConfig.NetworkMode);
  if (kind === "container")
    throw new InvalidArgument("conflicting options: port publishing and the container type network mode");
  if (kind === "host" || kind === "none")
    throw new Conflict(`container ${name} publishes no ports: its network is ${kind}`);
}

/** `-P` asks for every exposed port: what it gave becomes single wishes, of which one can be withdrawn. */
function withoutPublishAll({ hostConfig }: ContainerRecord, published: readonly PublishedPort[]): HostConfig {
  if (!hostConfig.PublishAllPorts) return hostConfig;
  const bindings: PortMap = { ...hostConfig.PortBindings };
  for (const { containerPort, protocol } of published) bindings[`${containerPort}/${protocol}`] ??= [{}];
  return { ...hostConfig, PublishAllPorts: false, PortBindings: bindings };
}

/** A port without host sides stands for one of any. */
function entriesOf(map: PortMap): [string, readonly PortBinding[]][] {
  return Object.entries(map).map(([port, hosts]) => [port, hosts && hosts.length > 0 ? hosts : [{}]]);
}

function keyOf(text: string): string {
  const { containerPort, protocol } = parsePort(text);
  return `${containerPort}/${protocol}`;
}

function matches(port: PublishedPort, text: string, { HostIp, HostPort }: PortBinding): boolean {
  return (
    `${port.containerPort}/${port.protocol}` === keyOf(text) &&
    (!HostIp || port.hostAddress === canonicalIp(HostIp)) &&
    (!HostPort || inRange(port.hostPort, HostPort))
  );
}

/** What was asked for in the same words goes; else, for a port the engine chose, the wish that let it choose. */
function withoutBinding(
  bindings: readonly PortBinding[],
  { HostIp, HostPort }: PortBinding,
  found: readonly PublishedPort[],
): PortBinding[] {
  const isMeant = (binding: PortBinding) =>
    (!HostIp || canonicalIp(binding.HostIp ?? "") === canonicalIp(HostIp)) &&
    (!HostPort || binding.HostPort === HostPort);
  const left = bindings.filter((binding) => !isMeant(binding));
  if (left.length < bindings.length || found.length === 0) return left;
  const { hostPort } = found[0]!;
  const chosen =
    bindings.find((binding) => binding.HostPort && inRange(hostPort, binding.HostPort)) ??
    bindings.find((binding) => !binding.HostPort);
  return bindings.filter((binding) => binding !== chosen);
}

function inRange(port: number, range: string): boolean {
  const [first, last = first] = range.split("-").map(Number);
  return port >= first! && port <= last!;
}

function notPublished({ name }: ContainerRecord, text: string, { HostIp, HostPort }: PortBinding): Conflict {
  const side = [HostIp, HostPort].filter((part) => part).join(":");
  return new Conflict(`container ${name} does not publish ${keyOf(text)}${side ? ` on ${side}` : ""}`);
}
