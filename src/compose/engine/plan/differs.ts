/** Whether a container is still what its service asks for. */
import type { Service } from "../../model/types.ts";
import { serviceOfMode } from "../graph.ts";
import { LABEL } from "../labels.ts";
import { resolveReferences } from "../references.ts";
import type { ObservedContainer } from "../types.ts";
import type { Draft } from "./draft.ts";
import type { RecreatePolicy } from "./types.ts";

/** @returns a test of one container; what concerns the service as a whole is looked at once */
export function differsFrom(draft: Draft, service: Service): (container: ObservedContainer) => boolean {
  const { images, observed } = draft.input;
  const policy = policyFor(draft, service.name);
  if (policy !== "diverged") return () => policy === "force";
  if (sharesWithReplaced(draft, service)) return () => true;
  const hash = expectedHash(draft, service);
  const { digest = "", volumeDigest = "" } = images[service.name] ?? {};
  const networkIds = Object.keys(service.networks ?? {})
    .filter((key) => !draft.networkNodes.has(key))
    .map((key) => observed.networks[key]?.id)
    .filter((id) => id !== undefined);
  const volumeNames = (service.volumes ?? [])
    .filter(({ type, source }) => type === "volume" && source)
    .map(({ source }) => draft.input.project.volumes[source!]?.name ?? source);
  return ({ labels, state, networkIds: joined, mounts }) =>
    labels[LABEL.configHash] !== hash ||
    (labels[LABEL.image] ?? "") !== digest ||
    (labels[LABEL.imageVolumeDigest] ?? "") !== volumeDigest ||
    (state === "running" && networkIds.some((id) => !joined.includes(id))) ||
    volumeNames.some((name) => !mounts.some(({ Type, Name }) => Type === "volume" && Name === name));
}

function policyFor({ input: { options } }: Draft, name: string): RecreatePolicy {
  const isTarget = options.targets.length === 0 || options.targets.includes(name);
  return isTarget ? options.recreate : options.recreateDependencies;
}

/** Its namespaces or volumes are those of a container that goes away. */
function sharesWithReplaced(
  { recreated }: Draft,
  { network_mode, ipc, pid, volumes_from = [] }: Service,
): boolean {
  const others = [
    ...[network_mode, ipc, pid].map(serviceOfMode),
    ...volumes_from.map((text) => text.split(":")[0]),
  ];
  return others.some((name) => name !== undefined && recreated.has(name));
}

/** Containers carry the hash of their service with references resolved. */
function expectedHash({ input: { hashes, observed } }: Draft, service: Service): string {
  try {
    return hashes.service(resolveReferences(service, observed.containers, { isForHash: true }));
  } catch {
    return hashes.service(service); // the other container is missing: nothing can have this hash
  }
}
