import type { Service } from "../model/types.ts";
import { LABEL, type Labels } from "./labels.ts";

/** Between the parts of a container's name: "_" for those who ask for the names of old versions. */
export type Separator = "-" | "_";

type Named = Pick<Service, "name" | "container_name">;

/** "shop-web-1", or what the service says. */
export function containerName(project: string, service: Named, number: number, separator: Separator): string {
  return service.container_name || [project, service.name, number].join(separator);
}

/** "web-1" as the tools write it in a replacement's label; a name the service chose stays whole. */
export function replacedName(service: Named, number: number, separator: Separator): string {
  return service.container_name || `${service.name}${separator}${number}`;
}

/** What a container is called in logs: its name without the project's, unless the service chose it. */
export function shortName(name: string, labels: Labels): string {
  const project = labels[LABEL.project] ?? "";
  const rest = `${labels[LABEL.service]}`;
  const number = labels[LABEL.containerNumber];
  for (const separator of ["-", "_"])
    if (name === [project, rest, number].join(separator)) return name.slice(project.length + 1);
  return name;
}

/** The image of a service that says none: the one a build of it makes. */
export function imageName(
  project: string,
  service: Pick<Service, "name" | "image">,
  separator: Separator,
): string {
  return service.image || `${project}${separator}${service.name}`;
}

/** The name among a container's names that is its own: links add more, with a slash inside. */
export function canonicalName(names: readonly string[] | null): string {
  const bare = (names ?? []).map((name) => name.replace(/^\//, ""));
  return bare.find((name) => !name.includes("/")) ?? bare[0] ?? "";
}
