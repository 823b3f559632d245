/** What a project means beyond what it says: the default network, dependencies that follow from links, engine names. */
import { CONTAINER_FIELDS } from "./fields/container.ts";
import { goText } from "./go-text.ts";
import { mergeTrees } from "./merge.ts";
import { isMap, newMap, type Places, type Tree, type TreeMap } from "./tree.ts";
import { cleanTarget } from "./volume-syntax.ts";

export interface NormalizeOptions {
  readonly projectName: string;
  readonly environment: ReadonlyMap<string, string>;
  readonly places: Places;
}

/** Changes the tree in place. */
export function normalize(tree: TreeMap, options: NormalizeOptions): void {
  tree.name = options.projectName;
  addDefaultNetwork(tree);
  for (const container of containersOf(tree)) normalizeContainer(container, options);
  nameResources(tree, options.projectName);
}

function containersOf(tree: TreeMap): TreeMap[] {
  return ["services", "jobs"].flatMap((section) => Object.values(mapAt(tree, section)).filter(isMap));
}

function mapAt(tree: TreeMap, key: string): TreeMap {
  const value = tree[key];
  return value !== undefined && isMap(value) ? value : newMap();
}

/** A container that names no network is in the project's default one, which exists only if somebody is in it. */
function addDefaultNetwork(tree: TreeMap): void {
  let isUsed = false;
  for (const container of containersOf(tree)) {
    if (container.provider !== undefined || container.network_mode !== undefined) continue;
    const networks = mapAt(container, "networks");
    if (Object.keys(networks).length === 0) {
      networks.default = null;
      container.networks = networks;
    }
    isUsed ||= "default" in networks;
  }
  const networks = mapAt(tree, "networks");
  if (isUsed && !("default" in networks)) networks.default = null;
  if (Object.keys(networks).length > 0) tree.networks = networks;
}

function normalizeContainer(container: TreeMap, { environment, places }: NormalizeOptions): void {
  if (container.pull_policy === "if_not_present") container.pull_policy = "missing";
  const build = container.build;
  if (build !== undefined && isMap(build)) normalizeBuild(build, environment);
  if (container.environment !== undefined)
    container.environment = resolveNamed(container.environment, environment, true);
  const dependencies = mapAt(container, "depends_on");
  addDependencies(container, dependencies);
  if (Object.keys(dependencies).length > 0) container.depends_on = dependencies;
  if (Array.isArray(container.volumes)) {
    for (const volume of container.volumes)
      if (isMap(volume) && typeof volume.target === "string")
        volume.target = cleanTarget(volume.target) || ".";
  }
  completeHooks(container, places);
}

function normalizeBuild(build: TreeMap, environment: ReadonlyMap<string, string>): void {
  build.context ??= ".";
  if (build.dockerfile === undefined && build.dockerfile_inline === undefined)
    build.dockerfile = "Dockerfile";
  if (build.args !== undefined) build.args = resolveNamed(build.args, environment, false);
}

/** Names without a value take the project's; `keepsUnset`: those that have none stay. */
function resolveNamed(value: Tree, environment: ReadonlyMap<string, string>, keepsUnset: boolean): Tree {
  if (Array.isArray(value)) {
    return value.flatMap((entry) => {
      const text = goText(entry);
      if (text.includes("=")) return [text];
      const found = environment.get(text);
      return found === undefined ? (keepsUnset ? [text] : []) : [`${text}=${found}`];
    });
  }
  if (!isMap(value)) return value;
  const resolved = newMap();
  for (const key of Object.keys(value)) {
    const found = value[key] ?? environment.get(key) ?? null;
    if (found !== null || keepsUnset) resolved[key] = found;
  }
  return resolved;
}

function addDependencies(container: TreeMap, dependencies: TreeMap): void {
  const add = (service: string, restart: boolean) => {
    dependencies[service] ??= newMap([
      ["condition", "service_started"],
      ["restart", restart],
      ["required", true],
    ]);
  };
  for (const link of textsAt(container, "links")) {
    const parts = link.split(":");
    add(parts.length === 2 ? parts[0]! : link, true);
  }
  for (const namespace of ["network_mode", "ipc", "pid", "uts", "cgroup"]) {
    const value = container[namespace];
    if (typeof value === "string" && value.startsWith("service:")) add(value.slice("service:".length), true);
  }
  for (const source of textsAt(container, "volumes_from"))
    if (!source.startsWith("container:")) add(source.split(":")[0]!, false);
}

function textsAt(container: TreeMap, key: string): string[] {
  const value = container[key];
  return Array.isArray(value) ? value.map(goText) : [];
}

const INHERITED = new Set(CONTAINER_FIELDS.map(({ key }) => key).filter((key) => key !== "volumes"));

/** A container that runs before the service begins as the service; its volumes come by `volumes_from` at run time. */
function completeHooks(service: TreeMap, places: Places): void {
  const hooks = service.pre_start;
  if (!Array.isArray(hooks)) return;
  const base = newMap(Object.entries(service).filter(([key]) => INHERITED.has(key)));
  for (const [index, hook] of hooks.entries())
    if (isMap(hook)) hooks[index] = mergeTrees(places.clone(base), hook, ["services", "hook"], places);
}

/** Resources that are not named are named after the project, external ones by their key. */
function nameResources(tree: TreeMap, projectName: string): void {
  for (const section of ["networks", "volumes", "configs", "secrets"]) {
    const resources = mapAt(tree, section);
    for (const key of Object.keys(resources)) {
      const given = resources[key]!;
      const resource = isMap(given) ? given : newMap();
      resource.name ??= isTrue(resource.external) ? key : `${projectName}_${key}`;
      resources[key] = resource;
    }
  }
}

function isTrue(value: Tree | undefined): boolean {
  return value === true || /^(?:1|t|true)$/i.test(String(value));
}
