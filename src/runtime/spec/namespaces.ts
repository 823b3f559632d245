/** Which namespaces a container has for itself, joins, or shares with the host. */
import type { RuntimeNamespace } from "#spec/oci/runtime.ts";
import type { NamespaceChoice, SpecInput } from "./types.ts";

const KINDS = ["user", "network", "uts", "pid", "ipc", "cgroup"] as const;

/** Those not listed are the host's. The mount namespace is always the container's own. */
export function namespacesOf(
  choices: SpecInput["namespaces"],
  options: { readonly time?: boolean } = {},
): RuntimeNamespace[] {
  return [
    { type: "mount" },
    ...KINDS.flatMap((type) => namespaceOf(type, choices[type])),
    ...(options.time ? [{ type: "time" } as const] : []),
  ];
}

function namespaceOf(type: RuntimeNamespace["type"], choice: NamespaceChoice): RuntimeNamespace[] {
  if (choice === "host") return [];
  return [choice === "private" ? { type } : { type, path: choice.path }];
}
