/** --security-opt and what the administrator prefers. */
import { InvalidArgument } from "#base/errors.ts";
import type { HostConfig } from "#spec/docker/containers.ts";
import type { RuntimeProcess } from "#spec/oci/runtime.ts";
import type { SpecDefaults, SpecHost } from "./types.ts";

export interface Security {
  /** Fields for the process. */
  readonly process: Pick<RuntimeProcess, "noNewPrivileges" | "apparmorProfile">;
  /** "unconfined", "builtin" or the JSON text of a profile. */
  readonly seccompProfile: string;
  /** The container may write below /sys/fs/cgroup. */
  readonly writableCgroups: boolean;
}

interface Options {
  noNewPrivileges: boolean;
  apparmor: string | undefined;
  seccomp: string | undefined;
  writableCgroups: boolean;
}

/** @throws InvalidArgument with Docker's text for options that are none */
export function securityOf(
  hostConfig: Pick<HostConfig, "SecurityOpt" | "Privileged">,
  host: Pick<SpecHost, "features">,
  defaults: SpecDefaults = {},
): Security {
  const options = parseSecurityOptions(hostConfig.SecurityOpt ?? [], defaults);
  const privileged = hostConfig.Privileged ?? false;
  const apparmor = options.apparmor ?? (privileged ? undefined : defaults.apparmorProfile);
  const seccomp = options.seccomp ?? (privileged ? "unconfined" : defaults.seccompProfile);
  return {
    process: {
      ...(options.noNewPrivileges ? { noNewPrivileges: true } : {}),
      ...(host.features.apparmor && apparmor && apparmor !== "unconfined"
        ? { apparmorProfile: apparmor }
        : {}),
    },
    seccompProfile: seccomp || "builtin",
    writableCgroups: privileged || options.writableCgroups,
  };
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
  label: () => {}, // SELinux: accepted and without effect, as on any host that does not have it
};

function parseSecurityOptions(texts: readonly string[], defaults: SpecDefaults): Options {
  const options: Options = {
    noNewPrivileges: defaults.noNewPrivileges ?? false,
    apparmor: undefined,
    seccomp: undefined,
    writableCgroups: false,
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
  throw new InvalidArgument(`invalid --security-opt value: ${JSON.stringify(text)}`);
}
