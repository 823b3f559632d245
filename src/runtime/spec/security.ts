/** --security-opt and what the administrator prefers. */
import { InvalidArgument } from "#base/errors.ts";
import type { HostConfig } from "#spec/docker/containers.ts";
import type { RuntimeProcess } from "#spec/oci/runtime.ts";
import { type LabelOptions, labelsOf, parseLabelOptions } from "./selinux.ts";
import type { SpecDefaults, SpecHost } from "./types.ts";

export interface Security {
  /** Fields for the process. */
  readonly process: Pick<RuntimeProcess, "noNewPrivileges" | "apparmorProfile" | "selinuxLabel">;
  /** SELinux label of the container's own mounts. */
  readonly mountLabel: string | undefined;
  /** "unconfined", "builtin" or the JSON text of a profile. */
  readonly seccompProfile: string;
  /** The container may write below /sys/fs/cgroup. */
  readonly writableCgroups: boolean;
  /** What was asked for and has no effect on this host. */
  readonly warnings: readonly string[];
}

interface Options {
  noNewPrivileges: boolean;
  apparmor: string | undefined;
  seccomp: string | undefined;
  writableCgroups: boolean;
  readonly labels: string[];
}

type SecurityRequest = Pick<HostConfig, "SecurityOpt" | "Privileged" | "PidMode" | "IpcMode">;

/**
 * @param id the container's, for SELinux's categories
 * @throws InvalidArgument with Docker's text for options that are none, and for a profile this host cannot apply
 */
export function securityOf(
  hostConfig: SecurityRequest,
  host: Pick<SpecHost, "features" | "selinux">,
  defaults: SpecDefaults = {},
  id = "",
): Security {
  const options = parseSecurityOptions(hostConfig.SecurityOpt ?? [], defaults);
  const privileged = hostConfig.Privileged ?? false;
  const labels = parseLabelOptions(options.labels);
  const selinux = host.selinux && !isUnlabelled(hostConfig, labels) ? labelsOf(labels, id) : undefined;
  const seccomp = options.seccomp ?? (privileged ? "unconfined" : defaults.seccompProfile);
  return {
    process: {
      ...(options.noNewPrivileges ? { noNewPrivileges: true } : {}),
      ...apparmorOf(options, privileged, host, defaults),
      ...(selinux ? { selinuxLabel: selinux.process } : {}),
    },
    mountLabel: selinux?.mount,
    seccompProfile: seccomp || "builtin",
    writableCgroups: privileged || options.writableCgroups,
    warnings: labelWarnings(options.labels, host),
  };
}

function apparmorOf(
  { apparmor: asked }: Options,
  privileged: boolean,
  { features }: Pick<SpecHost, "features">,
  { apparmorProfile }: SpecDefaults,
): Pick<RuntimeProcess, "apparmorProfile"> {
  if (asked && asked !== "unconfined" && !features.apparmor) {
    throw new InvalidArgument(
      `AppArmor profile "${asked}" cannot be applied: AppArmor is not enabled on this host`,
      { hint: "leave the option out, or say apparmor=unconfined" },
    );
  }
  const profile = asked ?? (privileged ? undefined : apparmorProfile);
  return features.apparmor && profile && profile !== "unconfined" ? { apparmorProfile: profile } : {};
}

/** Who shares the host's processes or memory must be able to reach them, as with Docker. */
function isUnlabelled({ Privileged, PidMode, IpcMode }: SecurityRequest, labels: LabelOptions): boolean {
  return labels.disabled || Boolean(Privileged) || PidMode === "host" || IpcMode === "host";
}

function labelWarnings(labels: readonly string[], { selinux }: Pick<SpecHost, "selinux">): string[] {
  if (selinux) return [];
  return labels
    .filter((label) => label !== "disable" && label !== "nested")
    .map((label) => `SELinux is not enabled: label=${label} has no effect`);
}

const SETTERS: Readonly<Record<string, (options: Options, value: string, text: string) => void>> = {
  seccomp: (options, value) => {
    options.seccomp = value;
  },
  apparmor: (options, value) => {
    options.apparmor = value;
  },
  "no-new-privileges": (options, value, text) => {
    options.noNewPrivileges = parseBool(value, text);
  },
  "writable-cgroups": (options, value, text) => {
    options.writableCgroups = parseBool(value, text);
  },
  label: (options, value) => {
    options.labels.push(value);
  },
};

function parseSecurityOptions(texts: readonly string[], defaults: SpecDefaults): Options {
  const options: Options = {
    noNewPrivileges: defaults.noNewPrivileges ?? false,
    apparmor: undefined,
    seccomp: undefined,
    writableCgroups: false,
    labels: [],
  };
  for (const text of texts) {
    if (text === "no-new-privileges") options.noNewPrivileges = true;
    else if (text !== "disable") applyOption(options, text);
  }
  return options;
}

function applyOption(options: Options, text: string): void {
  const separator = text.includes("=") ? "=" : ":";
  const at = text.indexOf(separator);
  if (at < 0) throw new InvalidArgument(`invalid --security-opt 1: ${JSON.stringify(text)}`);
  const set = SETTERS[text.slice(0, at)];
  if (!set) throw new InvalidArgument(`invalid --security-opt 2: ${JSON.stringify(text)}`);
  set(options, text.slice(at + 1), text);
}

/** As Go's strconv.ParseBool reads it. */
function parseBool(value: string, text: string): boolean {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(value)) return true;
  if (/^(?:0|f|F|FALSE|false|False)$/.test(value)) return false;
  throw new InvalidArgument(`invalid --security-opt 2: ${JSON.stringify(text)}`);
}
