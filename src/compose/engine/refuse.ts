import { NotImplemented } from "#base/errors.ts";
import type { Project, Service } from "../model/types.ts";

/** Attributes that no container can have, with the reason: running without them would not be what the file asks for. */
const REFUSED: Readonly<Partial<Record<keyof Service, string>>> = {
  models: "there is no model runner",
  credential_spec: "credential specs are of Windows containers",
};

/** @throws NotImplemented for the first service that asks for what cannot be done */
export function refuseUnsupported(project: Project): void {
  for (const service of Object.values(project.services))
    for (const [key, reason] of Object.entries(REFUSED))
      if (isAsked(service[key as keyof Service]))
        throw new NotImplemented(`service "${service.name}": '${key}' is not supported: ${reason}`, {
          hint: `Remove '${key}' from the service`,
        });
}

function isAsked(value: unknown): boolean {
  return value !== undefined && value !== false && value !== null;
}

/** What is taken and has no effect, as sentences: the same files work with other tools, which ignore it too. */
export function ignoredAttributes(project: Project): string[] {
  return Object.values(project.services).flatMap((service) =>
    (["secrets", "configs"] as const)
      .filter((kind) =>
        (service[kind] ?? []).some(
          ({ source, uid, gid, mode }) =>
            project[kind][source]?.file !== undefined && (uid || gid || mode !== undefined),
        ),
      )
      .map(
        (kind) =>
          `service "${service.name}": ${kind} that are files keep their owner and mode: 'uid', 'gid' and 'mode' have no effect`,
      ),
  );
}
