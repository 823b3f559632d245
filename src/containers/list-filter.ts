import { InvalidArgument } from "#base/errors.ts";
import {
  booleanFilter,
  checkFilterKeys,
  type Filters,
  filterValues,
  hasFilter,
  matchesExactly,
  matchesLabels,
  matchesPattern,
} from "#base/filters.ts";
import type { SandboxRecord } from "#network/types.ts";
import { type PortRange, parsePortFilter } from "./port-filter.ts";
import type { ContainerRecord } from "./types.ts";

/** The keys of `docker ps --filter`. */
const KEYS = [
  "ancestor",
  "before",
  "exited",
  "expose",
  "health",
  "id",
  "is-task",
  "isolation",
  "label",
  "name",
  "network",
  "publish",
  "since",
  "status",
  "volume",
];

const STATUSES = ["created", "restarting", "running", "removing", "paused", "exited", "dead"];
const HEALTHS = ["starting", "healthy", "unhealthy", "none"];

/** What the filters must look up beyond the record itself. */
export interface FilterFacts {
  /** @throws NotFound when the container named in "before" or "since" is not there */
  readonly createdOf: (nameOrId: string) => string;
  /** The image named, and every image made from it. */
  readonly descendantsOf: (image: string) => ReadonlySet<string>;
  readonly sandboxOf: (id: string) => SandboxRecord | undefined;
}

/**
 * One test for all filters: different keys must all match; of several values for one key any may.
 * @throws InvalidArgument for an unknown key or a value that cannot be
 */
export function compileListFilter(
  filters: Filters,
  facts: FilterFacts,
): (record: ContainerRecord) => boolean {
  checkFilterKeys(filters, KEYS);
  checkValues(filters, "status", STATUSES);
  checkValues(filters, "health", HEALTHS);
  const tests = [
    byIdentity(filters),
    byState(filters),
    byTime(filters, facts),
    byImage(filters, facts),
    byNetwork(filters, facts),
    byPorts(filters, facts),
    byVolume(filters),
  ];
  return (record) => tests.every((matches) => matches(record));
}

type Test = (record: ContainerRecord) => boolean;

function checkValues(filters: Filters, key: string, allowed: readonly string[]): void {
  for (const value of filterValues(filters, key))
    if (!allowed.includes(value)) throw new InvalidArgument(`invalid filter '${key}=${value}'`);
}

function byIdentity(filters: Filters): Test {
  const isTask = hasFilter(filters, "is-task") && booleanFilter(filters, "is-task", false);
  return (record) =>
    !isTask && // tasks are a cluster's containers
    matchesPattern(filters, "id", record.id) &&
    (matchesPattern(filters, "name", record.name) || matchesPattern(filters, "name", `/${record.name}`)) &&
    matchesLabels(filters, "label", record.config.Labels);
}

function byState(filters: Filters): Test {
  const codes = filterValues(filters, "exited").map((value) => {
    if (!/^-?\d+$/.test(value)) throw new InvalidArgument(`invalid filter 'exited=${value}'`);
    return Number(value);
  });
  return ({ state }) => {
    const hasEnded = state.status === "exited" || state.status === "dead";
    return (
      matchesExactly(filters, "status", state.status) &&
      matchesExactly(filters, "health", state.health?.Status ?? "none") &&
      (codes.length === 0 || (hasEnded && codes.includes(state.exitCode)))
    );
  };
}

function byTime(filters: Filters, facts: FilterFacts): Test {
  const before = filterValues(filters, "before").map(facts.createdOf);
  const since = filterValues(filters, "since").map(facts.createdOf);
  return ({ created }) => before.every((time) => created < time) && since.every((time) => created > time);
}

function byImage(filters: Filters, facts: FilterFacts): Test {
  const ancestors = filterValues(filters, "ancestor");
  if (ancestors.length === 0) return () => true;
  const images = ancestors.map(facts.descendantsOf);
  return ({ imageId, imageName }) =>
    ancestors.includes(imageName) || images.some((descendants) => descendants.has(imageId));
}

function byNetwork(filters: Filters, facts: FilterFacts): Test {
  const wanted = filterValues(filters, "network");
  if (wanted.length === 0) return () => true;
  return (record) => {
    const joined = facts.sandboxOf(record.id)?.endpoints ?? [];
    const names = [...Object.keys(record.endpoints), ...joined.map((endpoint) => endpoint.networkName)];
    return wanted.some(
      (value) => names.includes(value) || joined.some((endpoint) => endpoint.networkId.startsWith(value)),
    );
  };
}

function byPorts(filters: Filters, facts: FilterFacts): Test {
  const published = filterValues(filters, "publish").map((value) => parsePortFilter("publish", value));
  const exposed = filterValues(filters, "expose").map((value) => parsePortFilter("expose", value));
  if (published.length + exposed.length === 0) return () => true;
  return (record) => {
    const ports = facts.sandboxOf(record.id)?.ports ?? [];
    return (
      ports.some(({ hostPort, protocol }) => isIn(published, hostPort, protocol)) ||
      Object.keys(record.config.ExposedPorts ?? {}).some((port) => {
        const [number, protocol = "tcp"] = port.split("/");
        return isIn(exposed, Number(number), protocol);
      }) ||
      ports.some(({ containerPort, protocol }) => isIn(exposed, containerPort, protocol))
    );
  };
}

function isIn(ranges: readonly PortRange[], port: number, protocol: string): boolean {
  return ranges.some((range) => range.protocol === protocol && port >= range.first && port <= range.last);
}

function byVolume(filters: Filters): Test {
  const wanted = filterValues(filters, "volume");
  if (wanted.length === 0) return () => true;
  return ({ mounts }) =>
    mounts.some((mount) =>
      [mount.volume, mount.destination, mount.source].some(
        (name) => name !== undefined && wanted.includes(name),
      ),
    );
}
