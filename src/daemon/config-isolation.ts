import { InvalidArgument } from "#base/errors.ts";
import { parseBytes } from "#base/units.ts";
import type { Ulimit } from "#spec/docker/containers.ts";
import type { SettingReader } from "./settings.ts";
import type { IsolationConfig } from "./types.ts";

/** Where administrators and device makers put CDI specifications; later directories win. */
const CDI_SPEC_DIRS: readonly string[] = ["/etc/cdi", "/var/run/cdi"];

/** What containers get that say nothing about it, and what confines all of them. @throws InvalidArgument */
export function isolationConfig(
  settings: SettingReader,
  readFile: (path: string) => string | undefined,
): IsolationConfig {
  const features = checkFeatures(settings.map<boolean>("features"));
  const cdiSpecDirs = settings.list("cdi-spec-dirs");
  return {
    noNewPrivileges: settings.yesNo("no-new-privileges") ?? false,
    seccompProfile: seccompProfile(settings.text("seccomp-profile"), readFile),
    ulimits: Object.entries(settings.map<Ulimit>("default-ulimits")).map(([Name, limit]) => ({
      ...limit,
      Name,
    })),
    init: settings.yesNo("init") ?? false,
    initPath: settings.path("init-path"),
    cgroupnsMode: oneOf(settings, "default-cgroupns-mode", ["private", "host"]),
    ipcMode: oneOf(settings, "default-ipc-mode", ["private", "shareable"]) ?? "private",
    realtime: {
      periodMicros: settings.whole("cpu-rt-period"),
      runtimeMicros: settings.whole("cpu-rt-runtime"),
    },
    cdiSpecDirs: features.cdi === false ? [] : cdiSpecDirs.length > 0 ? cdiSpecDirs : CDI_SPEC_DIRS,
    timeNamespaces: features["time-namespaces"] ?? false,
    usernsRemap: settings.text("userns-remap") || undefined,
    selinux: settings.yesNo("selinux-enabled") ?? false,
    writableSizeBytes: notYet("storage-opts", writableSize(settings.list("storage-opts"))),
  };
}

function notYet(name: string, value: undefined | string | number): undefined {
  if (value !== undefined) throw new InvalidArgument(`not supported yet by wharf: ${name}`);
}

/** Names dockerd has: those that are there whatever one says may be asked for, as they are. */
const FIXED_FEATURES: Readonly<Record<string, boolean>> = { buildkit: true, "containerd-snapshotter": false };

function checkFeatures(asked: Readonly<Record<string, boolean>>): Readonly<Record<string, boolean>> {
  for (const [name, value] of Object.entries(asked)) {
    if (name === "cdi" || name === "time-namespaces" || FIXED_FEATURES[name] === value) continue;
    throw new InvalidArgument(`feature ${name}=${value} is not supported by wharf`, {
      hint: "cdi and time-namespaces can be chosen",
    });
  }
  return asked;
}

/** "builtin", "unconfined", or the text of the file named. */
function seccompProfile(
  asked: string | undefined,
  readFile: (path: string) => string | undefined,
): IsolationConfig["seccompProfile"] {
  if (!asked || asked === "builtin") return { name: "builtin", text: "builtin" };
  if (asked === "unconfined") return { name: "unconfined", text: "unconfined" };
  const text = readFile(asked);
  if (text === undefined)
    throw new InvalidArgument(
      `opening seccomp profile (${asked}) failed: open ${asked}: no such file or directory`,
    );
  return { name: asked, text };
}

function oneOf<T extends string>(
  settings: SettingReader,
  name: string,
  choices: readonly T[],
): T | undefined {
  const asked = settings.text(name);
  if (asked === undefined) return undefined;
  const found = choices.find((choice) => choice === asked);
  if (!found)
    throw new InvalidArgument(`invalid ${name} ${JSON.stringify(asked)}: use ${choices.join(" or ")}`);
  return found;
}

/** "overlay2.size=10G": what a container that asks for no size may write; undefined for no bound. */
function writableSize(options: readonly string[]): number | undefined {
  let size: number | undefined;
  for (const option of options) {
    const [name = "", value = ""] = option.split(/=(.*)/s);
    if (!["size", "overlay2.size", "overlay.size"].includes(name.toLowerCase()))
      throw new InvalidArgument(`storage-opt ${JSON.stringify(name)} is not supported by wharf`, {
        hint: "overlay2.size is",
      });
    size = parseBytes(value);
  }
  return size;
}
