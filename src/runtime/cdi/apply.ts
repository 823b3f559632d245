/** CDI edits put into `config.json`. Pure. */
import type { RuntimeDevice, RuntimeDeviceRule, RuntimeMount, RuntimeSpec } from "#spec/oci/runtime.ts";
import type { CdiEdits, CdiHook, CdiMount, CdiNode } from "./spec.ts";

/** Edits whose device nodes have been looked up on the host. */
export interface ResolvedEdits extends Omit<CdiEdits, "deviceNodes"> {
  readonly deviceNodes: readonly { readonly device: RuntimeDevice; readonly access: string }[];
}

/** What a specification leaves out about a node is taken from the host's. */
export function resolveNodes(
  edits: CdiEdits,
  lookUp: (path: string) => RuntimeDevice | undefined,
): ResolvedEdits {
  return {
    ...edits,
    deviceNodes: (edits.deviceNodes ?? []).map((node) => ({
      device: completeNode(node, lookUp),
      access: node.permissions || "rwm",
    })),
  };
}

function completeNode(node: CdiNode, lookUp: (path: string) => RuntimeDevice | undefined): RuntimeDevice {
  const { path, hostPath = path, type, major, minor, fileMode, uid, gid } = node;
  const isComplete = type !== undefined && (type === "p" || (major !== undefined && minor !== undefined));
  const found = isComplete ? undefined : lookUp(hostPath);
  const given = { type: type as RuntimeDevice["type"] | undefined, major, minor, fileMode, uid, gid };
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { type: "c", ...found, ...Object.fromEntries(set), path };
}

export function applyEdits(spec: RuntimeSpec, edits: readonly ResolvedEdits[]): RuntimeSpec {
  return edits.reduce(applyOne, spec);
}

function applyOne(spec: RuntimeSpec, edits: ResolvedEdits): RuntimeSpec {
  const { process, linux } = spec;
  const nodes = edits.deviceNodes;
  const { resources = {} } = linux;
  return {
    ...spec,
    process: {
      ...process,
      env: mergeEnv(process.env, edits.env ?? []),
      user: withGroups(process.user, edits.additionalGids ?? []),
    },
    mounts: mergeMounts(spec.mounts, (edits.mounts ?? []).map(ociMount)),
    ...(edits.hooks?.length ? { hooks: mergeHooks(spec.hooks ?? {}, edits.hooks) } : {}),
    linux: {
      ...linux,
      ...(nodes.length > 0 ? { devices: mergeDevices(linux.devices ?? [], nodes) } : {}),
      ...(edits.intelRdt ? { intelRdt: edits.intelRdt } : {}),
      resources: { ...resources, devices: [...(resources.devices ?? []), ...nodes.flatMap(ruleOf)] },
    },
  };
}

function mergeEnv(before: readonly string[], added: readonly string[]): string[] {
  const nameOf = (entry: string) => entry.slice(0, entry.indexOf("="));
  return [...new Map([...before, ...added].map((entry) => [nameOf(entry), entry])).values()];
}

function withGroups(
  user: RuntimeSpec["process"]["user"],
  gids: readonly number[],
): RuntimeSpec["process"]["user"] {
  if (gids.length === 0) return user;
  return { ...user, additionalGids: [...new Set([...(user.additionalGids ?? []), ...gids])] };
}

function mergeMounts(before: readonly RuntimeMount[], added: readonly RuntimeMount[]): RuntimeMount[] {
  const replaced = new Set(added.map(({ destination }) => destination));
  return [...before.filter(({ destination }) => !replaced.has(destination)), ...added];
}

function ociMount({ hostPath, containerPath, type = "bind", options }: CdiMount): RuntimeMount {
  const isBind = type === "bind" || type === "";
  const given = options ?? ["rprivate"];
  const bind = isBind && !given.some((option) => option === "bind" || option === "rbind") ? ["rbind"] : [];
  return { source: hostPath, destination: containerPath, type: type || "bind", options: [...bind, ...given] };
}

type Hooks = NonNullable<RuntimeSpec["hooks"]>;

function mergeHooks(before: Hooks, added: readonly CdiHook[]): Hooks {
  const hooks: Hooks = { ...before };
  for (const { hookName, path, args, env, timeout } of added) {
    const hook = {
      path,
      ...(args ? { args: [...args] } : {}),
      ...(env ? { env: [...env] } : {}),
      ...(timeout === undefined ? {} : { timeout }),
    };
    hooks[hookName] = [...(hooks[hookName] ?? []), hook];
  }
  return hooks;
}

function mergeDevices(
  before: readonly RuntimeDevice[],
  nodes: ResolvedEdits["deviceNodes"],
): RuntimeDevice[] {
  const paths = new Set(nodes.map(({ device }) => device.path));
  return [...before.filter(({ path }) => !paths.has(path)), ...nodes.map(({ device }) => device)];
}

/** A fifo needs no leave. */
function ruleOf({ device, access }: ResolvedEdits["deviceNodes"][number]): RuntimeDeviceRule[] {
  if (device.type === "p") return [];
  const type = device.type === "b" ? "b" : "c";
  return [{ allow: true, type, major: device.major, minor: device.minor, access }];
}
