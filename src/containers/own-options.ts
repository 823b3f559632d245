import { InvalidArgument } from "#base/errors.ts";
import type { HugepageLimit } from "#spec/docker/containers.ts";
import { parseHugepageLimit } from "#spec/huge-pages.ts";
import { isValidName } from "./names.ts";
import { probeTestOf } from "./probe-test.ts";
import type { Dependency, DependencyCondition, OnUnhealthy } from "./types.ts";

/**
 * What wharf has beyond Docker, carried by annotations: every Docker client can send them (`--annotation`), and only
 * the user can, for images have labels and no annotations.
 */
export interface OwnOptions {
  /** Instead of the health check's test. */
  readonly healthTest: string[] | undefined;
  readonly onUnhealthy: OnUnhealthy | undefined;
  readonly dependsOn: readonly Dependency[];
  readonly hugepageLimits: readonly HugepageLimit[];
  /** Name or id of the container to look at. */
  readonly debugs: string | undefined;
}

const PREFIX = "wharf.";
export const HEALTH_ANNOTATION = "wharf.health";
export const ON_UNHEALTHY_ANNOTATION = "wharf.on-unhealthy";
export const DEPENDS_ON_ANNOTATION = "wharf.depends-on";
export const DEBUG_ANNOTATION = "wharf.debug";
/** Becomes `HostConfig.HugepageLimits`, which an update can change: no annotation is kept. */
export const HUGETLB_ANNOTATION = "wharf.hugetlb-limit";
const KNOWN: ReadonlySet<string> = new Set([
  HUGETLB_ANNOTATION,
  DEBUG_ANNOTATION,
  HEALTH_ANNOTATION,
  ON_UNHEALTHY_ANNOTATION,
  DEPENDS_ON_ANNOTATION,
]);

const CONDITIONS: readonly DependencyCondition[] = ["started", "healthy", "completed"];

type Texts = Readonly<Record<string, string>> | null | undefined;

/**
 * @param labels of the request alone: what an image says must not decide anything here
 * @throws InvalidArgument
 */
export function readOwnOptions(annotations: Texts, labels: Texts): OwnOptions {
  const unknown = Object.keys(annotations ?? {}).find((key) => key.startsWith(PREFIX) && !KNOWN.has(key));
  if (unknown !== undefined)
    throw new InvalidArgument(
      `unknown annotation "${unknown}": of those that begin with "${PREFIX}" there are ${[...KNOWN].join(", ")}`,
    );
  const health = annotations?.[HEALTH_ANNOTATION];
  return {
    healthTest: health ? probeTestOf(health) : undefined,
    onUnhealthy: parseOnUnhealthy(annotations?.[ON_UNHEALTHY_ANNOTATION] ?? ""),
    hugepageLimits: words(annotations?.[HUGETLB_ANNOTATION] ?? "").map(parseHugepageLimit),
    debugs: annotations?.[DEBUG_ANNOTATION] || undefined,
    dependsOn: [...parseDependsOn(annotations?.[DEPENDS_ON_ANNOTATION] ?? ""), ...composeDependsOn(labels)],
  };
}

function parseOnUnhealthy(text: string): OnUnhealthy | undefined {
  if (text === "" || text === "none") return undefined;
  if (text === "restart" || text === "stop") return text;
  throw new InvalidArgument(`invalid ${ON_UNHEALTHY_ANNOTATION} "${text}": use one of none, restart, stop`);
}

/** "db:healthy,cache". */
function parseDependsOn(text: string): Dependency[] {
  return words(text).map((word) => {
    const [container = "", condition = "started", ...rest] = word.split(":");
    const known = CONDITIONS.find((name) => name === condition);
    if (!isValidName(container) || !known || rest.length > 0)
      throw new InvalidArgument(
        `invalid ${DEPENDS_ON_ANNOTATION} "${word}": expected NAME or NAME:CONDITION with a condition of ${CONDITIONS.join(", ")}`,
      );
    return { container, condition: known };
  });
}

const COMPOSE = "com.docker.compose";
const COMPOSE_CONDITIONS: Readonly<Record<string, DependencyCondition>> = {
  service_started: "started",
  service_healthy: "healthy",
  service_completed_successfully: "completed",
};

/** What Compose notes of `depends_on`: "db:service_healthy:false,cache:service_started:true". */
function composeDependsOn(labels: Texts): Dependency[] {
  const project = labels?.[`${COMPOSE}.project`];
  if (!project) return [];
  return words(labels?.[`${COMPOSE}.depends_on`] ?? "").flatMap((word) => {
    const [service = "", condition = ""] = word.split(":");
    return service === ""
      ? []
      : [{ project, service, condition: COMPOSE_CONDITIONS[condition] ?? ("started" as const) }];
  });
}

function words(text: string): string[] {
  return text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}
