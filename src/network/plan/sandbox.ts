import { InvalidArgument, PermissionDenied } from "#base/errors.ts";
import type { FirewallElement } from "#kernel/types.ts";
import type { EndpointRecord, SandboxRecord } from "../types.ts";
import { planDefaultRoutes } from "./gateway.ts";
import type { NetStep } from "./steps.ts";

/** Steps of the driver that join each endpoint, in the order of the endpoints. */
type Joins = readonly NetStep[];
/** What the container adds to the firewall. */
type Rules = readonly FirewallElement[];
type RulesChange = { readonly add: Rules; readonly remove: Rules };

/** Pure: a container's namespace with everything in it. */
export function planOpen(
  sandbox: SandboxRecord,
  joins: Joins,
  sysctls: Readonly<Record<string, string>>,
  rules: Rules,
): NetStep[] {
  const netns = sandbox.netnsPath;
  if (netns === "") return [];
  return [
    { op: "namespace", path: netns },
    ...planSysctls(netns, sysctls),
    ...mergeSends([
      ...joins,
      { op: "links", netns, steps: [{ op: "up", link: "lo" }] },
      ...planRoutes(netns, [], sandbox.endpoints),
    ]),
    { op: "rules", add: rules, remove: [] },
  ];
}

/** Neighbours that go to the same namespace go in one send: each costs a tenth of a millisecond. */
function mergeSends(steps: readonly NetStep[]): NetStep[] {
  const merged: NetStep[] = [];
  for (const step of steps) {
    const last = merged.at(-1);
    if (step.op === "links" && last?.op === "links" && last.netns === step.netns)
      merged.splice(-1, 1, { ...last, steps: [...last.steps, ...step.steps] });
    else merged.push(step);
  }
  return merged;
}

/** Pure: what changes for a running container besides the endpoint that `joins` brings. */
export function planConnect(
  before: SandboxRecord,
  after: SandboxRecord,
  joins: Joins,
  change: RulesChange,
): NetStep[] {
  return [
    { op: "rules", ...change },
    ...joins,
    ...planRoutes(after.netnsPath, before.endpoints, after.endpoints),
  ];
}

/** Pure: what changes before an endpoint is taken away; its interface takes its own routes along. */
export function planDisconnect(before: SandboxRecord, after: SandboxRecord, change: RulesChange): NetStep[] {
  return [{ op: "rules", ...change }, ...planRoutes(after.netnsPath, before.endpoints, after.endpoints)];
}

function planRoutes(
  netns: string,
  before: readonly EndpointRecord[],
  after: readonly EndpointRecord[],
): NetStep[] {
  const steps = planDefaultRoutes(before, after);
  return steps.length > 0 ? [{ op: "links", netns, steps }] : [];
}

/** Only switches of the network: the others belong to other namespaces, which the OCI runtime makes. */
function planSysctls(netns: string, sysctls: Readonly<Record<string, string>>): NetStep[] {
  return Object.entries(sysctls)
    .filter(([name]) => name.startsWith("net.") || name.startsWith("net/"))
    .map(([name, value]) => ({ op: "sysctl", netns, key: sysctlKey(name), value }));
}

/** As sysctl(8) reads names: the first separator decides, and a slash protects the dots in an interface's name. */
function sysctlKey(name: string): string {
  return name[name.search(/[./]/)] === "/" ? name : name.replaceAll(".", "/");
}

/**
 * Networks of these drivers cannot share a container with any other.
 * @throws EngineError with Docker's text
 */
export function checkCompany(drivers: readonly string[]): void {
  if (drivers.length < 2) return;
  if (drivers.includes("host")) throw hostNetworkConflict();
  if (drivers.includes("null"))
    throw new InvalidArgument(
      "container cannot be connected to multiple networks with one of the networks in private (none) mode",
    );
}

/** Whether a container lives in the host's network is decided when it starts. */
export function hostNetworkConflict(): PermissionDenied {
  return new PermissionDenied(
    "container cannot be disconnected from host network or connected to host network",
  );
}
