import { Internal, InvalidArgument } from "#base/errors.ts";
import type { EndpointRecord, LinkedHost } from "#network/types.ts";
import { parseLink } from "#spec/docker/links.ts";
import type { Context } from "./context.ts";
import { isUserNetwork } from "./modes.ts";
import type { ContainerRecord } from "./types.ts";

type Records = Pick<Context, "records">;

/** A request's links as records keep them. @throws InvalidArgument when a linked container is not there */
export function resolveLinks(ctx: Records, links: readonly string[]): string[] {
  return links.map((text) => {
    const { target, alias } = parseLink(text);
    const found = ctx.records.find(target);
    if (!found)
      throw new InvalidArgument(`could not get container for ${target}: No such container: ${target}`);
    return `${found.id}:${alias}`;
  });
}

/** As inspect shows them: "/web:/me/db". Those whose container has been removed are gone. */
export function shownLinks(ctx: Records, record: ContainerRecord): string[] {
  return linksOf(ctx, record).map(({ container, alias }) => `/${container.name}:/${record.name}/${alias}`);
}

/** "/me/db" for every container that links to one, by the linked container's id. */
export function linkNames(ctx: Records): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const record of ctx.records.all()) {
    if (!record.hostConfig.Links?.length) continue;
    for (const { container, alias } of linksOf(ctx, record))
      names.set(container.id, [...(names.get(container.id) ?? []), `/${record.name}/${alias}`]);
  }
  return names;
}

function linksOf(
  ctx: Records,
  { hostConfig }: ContainerRecord,
): { readonly container: ContainerRecord; readonly alias: string }[] {
  return (hostConfig.Links ?? []).flatMap((text) => {
    const { target, alias } = parseLink(text);
    const container = ctx.records.find(target);
    return container ? [{ container, alias }] : [];
  });
}

type Linking = Pick<Context, "records" | "networks">;

/** For the hosts file: those that run, with every name they have here. In networks with names the name server tells. */
export function linkedHosts(ctx: Linking, record: ContainerRecord): LinkedHost[] {
  if (isUserNetwork(record.hostConfig.NetworkMode)) return [];
  return linksOf(ctx, record).flatMap(({ container, alias }) => {
    const address = addressOf(ctx, container);
    const names = new Set([alias, container.config.Hostname ?? "", container.name]);
    return address === undefined ? [] : [{ address, names: [...names].filter((name) => name !== "") }];
  });
}

/** Containers that link to this one: their hosts files name its address. */
export function linkersOf(ctx: Records, id: string): ContainerRecord[] {
  return [...ctx.records.all()].filter((record) =>
    (record.hostConfig.Links ?? []).some((text) => parseLink(text).target === id),
  );
}

/** The variables a container on the default network sees of what it links to, as far as that runs. */
export function linkedEnvironment(ctx: Linking, record: ContainerRecord): string[] {
  if (isUserNetwork(record.hostConfig.NetworkMode)) return [];
  return linksOf(ctx, record).flatMap(({ container, alias }) => {
    const address = addressOf(ctx, container);
    if (address === undefined) return [];
    return linkVariables({
      alias,
      name: `/${record.name}/${alias}`,
      address,
      ports: Object.keys(container.config.ExposedPorts ?? {}),
      env: container.config.Env ?? [],
    });
  });
}

/** @throws Internal in Docker's words when something a container on the default network links to does not run */
export function checkLinks(ctx: Linking, record: ContainerRecord): void {
  if (isUserNetwork(record.hostConfig.NetworkMode)) return;
  const missing = linksOf(ctx, record).find(({ container }) => addressOf(ctx, container) === undefined);
  if (missing)
    throw new Internal(
      `Cannot link to a non running container: /${missing.container.name} AS /${record.name}/${missing.alias}`,
    );
}

function addressOf(ctx: Linking, container: ContainerRecord): string | undefined {
  const endpoint: EndpointRecord | undefined = ctx.networks.sandbox(container.id)?.endpoints[0];
  return endpoint?.ipv4?.address ?? endpoint?.ipv6?.address;
}

export interface LinkFacts {
  readonly alias: string;
  readonly name: string;
  readonly address: string;
  /** "80/tcp". */
  readonly ports: readonly string[];
  readonly env: readonly string[];
}

/** Docker's variables of one link. */
export function linkVariables({ alias, name, address, ports, env }: LinkFacts): string[] {
  const prefix = alias.toUpperCase().replaceAll("-", "_");
  const sorted = ports.map(parsePort).sort((a, b) => a.port - b.port || rank(a) - rank(b));
  const url = ({ port, protocol }: Port) => `${protocol}://${address}:${port}`;
  const first = sorted[0];
  return [
    ...(first ? [`${prefix}_PORT=${url(first)}`] : []),
    ...ranges(sorted).flatMap(([low, high]) => {
      const key = `${prefix}_PORT_${low.port}_${low.protocol.toUpperCase()}`;
      return [
        `${key}_START=${url(low)}`,
        `${key}_PORT_START=${low.port}`,
        `${key}_END=${url(high)}`,
        `${key}_PORT_END=${high.port}`,
      ];
    }),
    ...sorted.flatMap((port) => {
      const key = `${prefix}_PORT_${port.port}_${port.protocol.toUpperCase()}`;
      return [
        `${key}=${url(port)}`,
        `${key}_ADDR=${address}`,
        `${key}_PORT=${port.port}`,
        `${key}_PROTO=${port.protocol}`,
      ];
    }),
    `${prefix}_NAME=${name}`,
    ...env.filter((text) => !/^(HOME|PATH)=/.test(text)).map((text) => `${prefix}_ENV_${text}`),
  ];
}

interface Port {
  readonly port: number;
  readonly protocol: string;
}

function parsePort(text: string): Port {
  const [port = "", protocol = "tcp"] = text.split("/");
  return { port: Number(port), protocol };
}

function rank({ protocol }: Port): number {
  return protocol === "tcp" ? 0 : 1;
}

/** First and last of three and more neighbours of one protocol. */
function ranges(sorted: readonly Port[]): [Port, Port][] {
  const runs: Port[][] = [];
  for (const port of sorted) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (last && last.port + 1 === port.port && last.protocol === port.protocol) run!.push(port);
    else runs.push([port]);
  }
  return runs.filter((run) => run.length > 2).map((run) => [run[0]!, run.at(-1)!]);
}
