/** Container configuration and host facts to `config.json`. */
import type { IdMapping } from "#kernel/types.ts";
import type { RuntimeSpec } from "#spec/oci/runtime.ts";
import { applyEdits } from "../cdi/apply.ts";
import { cgroupsPathOf, scopeUnit } from "../systemd-groups.ts";
import { MASKED_PATHS, READONLY_PATHS } from "./defaults.ts";
import { devicesOf } from "./devices.ts";
import { mountsOf, rootPropagation } from "./mounts.ts";
import { namespacesOf } from "./namespaces.ts";
import { containerProcess } from "./process.ts";
import { resourcesOf } from "./resources.ts";
import { seccompOf } from "./seccomp.ts";
import { securityOf } from "./security.ts";
import { sysctlsOf } from "./sysctls.ts";
import type { SpecInput, SpecResult } from "./types.ts";

const OCI_VERSION = "1.0.2";

/**
 * Pure: says what the runtime shall do. What this host cannot do is left out with a warning.
 * @throws InvalidArgument with Docker's text for what cannot be at all
 */
export function buildRuntimeSpec(input: SpecInput): SpecResult {
  const { config, hostConfig, host, namespaces } = input;
  const { process, capabilities, warnings } = containerProcess(input);
  const security = securityOf(hostConfig, host, input.defaults, input.id);
  const access = devicesOf(hostConfig, input.devices);
  const limits = resourcesOf({
    hostConfig,
    host,
    deviceRules: access.rules,
    blockDevices: input.devices.block,
  });
  const propagation = rootPropagation(input.mounts);
  const seccomp = seccompOf(security.seccompProfile, capabilities, host);
  const spec: RuntimeSpec = {
    ociVersion: OCI_VERSION,
    process,
    root: { path: input.rootfs, ...(hostConfig.ReadonlyRootfs ? { readonly: true } : {}) },
    ...(namespaces.uts === "host" ? {} : { hostname: config.Hostname ?? "" }),
    mounts: mountsOf(input, security),
    ...annotationsOf(input),
    linux: {
      namespaces: namespacesOf(namespaces, { time: input.defaults?.timeNamespaces ?? false }),
      ...idMappings(input),
      cgroupsPath: cgroupsPathOf(input.cgroupPath),
      resources: limits.resources,
      sysctl: sysctlsOf(input),
      ...(access.devices.length > 0 ? { devices: access.devices } : {}),
      ...(propagation ? { rootfsPropagation: propagation } : {}),
      ...(seccomp ? { seccomp } : {}),
      ...hiddenPaths(input),
      ...(security.mountLabel ? { mountLabel: security.mountLabel } : {}),
    },
  };
  const edited = applyEdits(spec, input.cdiEdits ?? []);
  return { spec: edited, warnings: [...warnings, ...limits.warnings, ...security.warnings] };
}

/** Said although the namespace has them: some runtimes look here for the host's ids. */
function idMappings({ idMappings }: SpecInput): Pick<RuntimeSpec["linux"], "uidMappings" | "gidMappings"> {
  if (!idMappings) return {};
  const oci = (mappings: readonly IdMapping[]) =>
    mappings.map(({ containerId, hostId, size }) => ({ containerID: containerId, hostID: hostId, size }));
  return { uidMappings: oci(idMappings.uids), gidMappings: oci(idMappings.gids) };
}

function annotationsOf({ hostConfig, cgroupPath }: SpecInput): Pick<RuntimeSpec, "annotations"> {
  // crun would put the processes in a group of its own below the scope, where nobody looks for limits.
  const scope: Record<string, string> =
    scopeUnit(cgroupPath) === undefined ? {} : { "run.oci.systemd.subgroup": "" };
  const annotations = { ...scope, ...hostConfig.Annotations };
  return Object.keys(annotations).length > 0 ? { annotations } : {};
}

/** A user's list counts even when it is empty (--security-opt systempaths=unconfined). */
function hiddenPaths({ hostConfig }: SpecInput): Pick<RuntimeSpec["linux"], "maskedPaths" | "readonlyPaths"> {
  if (hostConfig.Privileged) return {};
  return {
    maskedPaths: [...(hostConfig.MaskedPaths ?? MASKED_PATHS)],
    readonlyPaths: [...(hostConfig.ReadonlyPaths ?? READONLY_PATHS)],
  };
}
