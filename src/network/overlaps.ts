import { formatPrefix, parseCidr, prefixesOverlap } from "#base/ip.ts";
import type { Log } from "#base/log.ts";
import type { Kernel, LinkInfo, RouteInfo } from "#kernel/types.ts";
import { driverNamed } from "./drivers/all.ts";
import { subnetsOf } from "./ipam/config.ts";
import { Postponed } from "./postponed.ts";
import type { NetworkRecords } from "./records.ts";
import type { NetworkRecord } from "./types.ts";

/** A VPN writes many routes one after the other. */
const LOOK_AFTER_MS = 300;

/** A subnet of ours and a route of the host that lead to different places. */
export interface Overlap {
  readonly network: string;
  readonly subnet: string;
  readonly route: string;
  /** Undefined: the route leads nowhere. */
  readonly link: string | undefined;
}

/**
 * Pure: routes that came after the networks they overlap, as those of a VPN do: new networks keep clear of what is there.
 * Networks that stand on a card of the host share its subnets on purpose.
 */
export function findOverlaps(
  networks: readonly NetworkRecord[],
  routes: readonly RouteInfo[],
  links: readonly LinkInfo[],
): Overlap[] {
  const bridges = networks.filter(({ driver }) => driver === "bridge");
  const own = new Set(bridges.map((network) => driverNamed(network.driver).hostLink(network)));
  const linkOf = ({ linkIndex }: RouteInfo) => links.find(({ index }) => index === linkIndex)?.name;
  const foreign = routes.flatMap((route) => {
    const prefix = parseCidr(route.destination)?.prefix;
    const link = linkOf(route);
    const isForeign = prefix !== undefined && prefix.length > 0 && !own.has(link);
    return isForeign ? [{ prefix, link, route: route.destination }] : [];
  });
  return bridges.flatMap((network) =>
    subnetsOf(network).flatMap((subnet) =>
      foreign
        .filter(({ prefix }) => prefixesOverlap(prefix, subnet))
        .map(({ link, route }) => ({ network: network.name, subnet: formatPrefix(subnet), route, link })),
    ),
  );
}

/** As `info` warns. */
export function overlapText({ network, subnet, route, link }: Overlap): string {
  const by = link === undefined ? "" : ` by ${link}`;
  return `network ${network} (${subnet}) overlaps the host's route to ${route}${by}: what is behind the route and the network's containers may not reach each other; make the network anew to give it another subnet`;
}

export interface OverlapWatchDeps {
  readonly kernel: Pick<Kernel, "host">;
  readonly records: Pick<NetworkRecords, "networks">;
  readonly log: Log;
}

/** Tells, once, of each overlap, when it comes. */
export class OverlapWatch {
  readonly #deps: OverlapWatchDeps;
  #told = new Set<string>();
  #watch: Disposable | undefined;
  readonly #look = new Postponed(LOOK_AFTER_MS, () => this.look());

  constructor(deps: OverlapWatchDeps) {
    this.#deps = deps;
  }

  /** Of this moment. */
  now(): Overlap[] {
    const { kernel, records } = this.#deps;
    return findOverlaps(records.networks.list(), kernel.host.routes("all"), kernel.host.links());
  }

  begin(): void {
    const { kernel, log } = this.#deps;
    this.look();
    this.#watch ??= kernel.host.watchRoutes(() =>
      this.#look.soon((error) => log.error("cannot look at the host's routes", { error })),
    );
  }

  look(): void {
    const overlaps = this.now();
    for (const overlap of overlaps)
      if (!this.#told.has(overlapText(overlap))) this.#deps.log.warn(overlapText(overlap));
    this.#told = new Set(overlaps.map(overlapText));
  }

  [Symbol.dispose](): void {
    this.#watch?.[Symbol.dispose]();
    this.#look.cancel();
  }
}
