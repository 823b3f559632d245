import type { Project, Service } from "../../model/types.ts";
import { addNode, type Draft, stopAndRemove } from "./draft.ts";
import type { PlanInput, PlanNode } from "./types.ts";

/** Keys of volumes whose configuration has changed: making them anew would lose their data, so the user is asked. */
export function changedVolumes({
  project,
  observed,
  hashes,
}: Pick<PlanInput, "project" | "observed" | "hashes">): string[] {
  return Object.keys(project.volumes)
    .sort()
    .filter((key) => {
      const volume = project.volumes[key]!;
      const found = observed.volumes[key];
      if (volume.external || !found || found.configHash === "" || found.name !== volume.name) return false;
      return found.configHash !== hashes.volume(volume);
    });
}

/** Missing volumes are made, and those the user agreed to lose are made anew, together with the containers that hold them. */
export function planVolumes(draft: Draft): void {
  const { project, observed, options } = draft.input;
  for (const key of Object.keys(project.volumes).sort()) {
    const volume = project.volumes[key]!;
    const found = observed.volumes[key];
    if (volume.external || found?.name === volume.name) continue;
    draft.volumeNodes.set(key, addNode(draft, { op: "createVolume", key, volume }));
  }
  if (options.recreateVolumes.size > 0) replaceVolumes(draft, [...options.recreateVolumes].sort());
}

function replaceVolumes(draft: Draft, keys: readonly string[]): void {
  const { project } = draft.input;
  const users = [...new Set(keys.flatMap((key) => usersOf(project, key)))].sort();
  const removes = users.flatMap((name) =>
    (draft.containers[name] ?? []).map((container) => stopAndRemove(draft, container)),
  );
  for (const name of users) {
    draft.containers[name] = [];
    draft.recreated.add(name);
  }
  for (const key of keys) {
    const volume = project.volumes[key]!;
    const remove = addNode(draft, { op: "removeVolume", name: volume.name }, { after: removes });
    draft.volumeNodes.set(key, addNode(draft, { op: "createVolume", key, volume }, { after: [remove] }));
  }
}

/** Services that mount a volume, themselves or by `volumes_from`. */
function usersOf({ services }: Project, key: string): string[] {
  const users = new Set<string>();
  const mounts = ({ volumes = [] }: Service) =>
    volumes.some(({ type, source }) => type === "volume" && source === key);
  const inherits = ({ volumes_from = [] }: Service) =>
    volumes_from.some((text) => users.has(text.split(":")[0]!));
  for (let before = -1; before !== users.size; ) {
    before = users.size;
    for (const service of Object.values(services))
      if (mounts(service) || inherits(service)) users.add(service.name);
  }
  return [...users];
}

/** The nodes that make what a service's containers mount. */
export function volumeNodesOf(draft: Draft, { volumes = [] }: Service): (PlanNode | undefined)[] {
  return volumes
    .filter(({ type, source }) => type === "volume" && source)
    .map(({ source }) => draft.volumeNodes.get(source!));
}
