/** Which service needs which other one. */
import { InvalidArgument } from "#base/errors.ts";
import type { Project, Service } from "../model/types.ts";

const SERVICE_PREFIX = "service:";

/** "db" of "service:db". */
export function serviceOfMode(mode: string | undefined): string | undefined {
  return mode?.startsWith(SERVICE_PREFIX) ? mode.slice(SERVICE_PREFIX.length) : undefined;
}

/** Services whose containers must exist before one of this service can be created. */
export function referencedServices(service: Service): string[] {
  const { network_mode, ipc, pid, volumes_from = [], links = [] } = service;
  const modes = [network_mode, ipc, pid].map(serviceOfMode).filter((name) => name !== undefined);
  const volumes = volumes_from
    .filter((text) => !text.startsWith("container:"))
    .map((text) => text.split(":")[0]!);
  return [...new Set([...modes, ...volumes, ...links.map((text) => text.split(":")[0]!)])];
}

/** Services that start before this one. */
export function dependenciesOf(service: Service): string[] {
  return [...new Set([...Object.keys(service.depends_on ?? {}), ...referencedServices(service)])];
}

/** Services that depend on this one, directly. */
export function dependentsOf(project: Project, name: string): string[] {
  return Object.values(project.services)
    .filter((service) => dependenciesOf(service).includes(name))
    .map((service) => service.name);
}

/**
 * The services with those first that others depend on; equals by name.
 * @throws InvalidArgument when services depend on each other in a circle
 */
export function inDependencyOrder(project: Project): Service[] {
  const left = new Map(
    Object.keys(project.services)
      .sort()
      .map((name) => [name, project.services[name]!]),
  );
  const ordered: Service[] = [];
  while (left.size > 0) {
    const next = [...left.values()].find((service) =>
      dependenciesOf(service).every((name) => !left.has(name)),
    );
    if (!next)
      throw new InvalidArgument(`dependency cycle detected: ${[...left.keys()].join(" -> ")}`, {
        hint: "Remove one of the 'depends_on' between them",
      });
    ordered.push(next);
    left.delete(next.name);
  }
  return ordered;
}

/**
 * Visits services as soon as those before them are done: dependencies first, or last when `reverse`. A failed visit
 * keeps those that wait for it from being made, and is thrown when nothing runs any more.
 */
export async function visitServices(
  project: Project,
  visit: (service: Service) => Promise<void>,
  { reverse = false }: { readonly reverse?: boolean } = {},
): Promise<void> {
  const services = reverse ? inDependencyOrder(project).reverse() : inDependencyOrder(project);
  const before = (service: Service) =>
    reverse ? dependentsOf(project, service.name) : dependenciesOf(service);
  const visits = new Map<string, Promise<void>>();
  for (const service of services) {
    const earlier = before(service).map((name) => visits.get(name));
    visits.set(
      service.name,
      Promise.all(earlier).then(() => visit(service)),
    );
  }
  await allSettled([...visits.values()]);
}

/** Waits for all of them. @throws the first failure, when all have ended */
export async function allSettled(work: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}
