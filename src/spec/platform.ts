import { InvalidArgument } from "#base/errors.ts";
import type { Platform } from "./oci/manifest.ts";

const KNOWN_OS = new Set([
  "aix",
  "android",
  "darwin",
  "dragonfly",
  "freebsd",
  "illumos",
  "ios",
  "js",
  "linux",
  "netbsd",
  "openbsd",
  "plan9",
  "solaris",
  "wasip1",
  "windows",
]);

const KNOWN_ARCHITECTURES = new Set([
  "386",
  "amd64",
  "arm",
  "arm64",
  "loong64",
  "mips",
  "mips64",
  "mips64le",
  "mipsle",
  "ppc64",
  "ppc64le",
  "riscv64",
  "s390x",
  "wasm",
]);

const ARCHITECTURE_ALIASES: Readonly<Record<string, { architecture: string; variant?: string }>> = {
  i386: { architecture: "386" },
  x86_64: { architecture: "amd64" },
  "x86-64": { architecture: "amd64" },
  x64: { architecture: "amd64" },
  ia32: { architecture: "386" },
  aarch64: { architecture: "arm64" },
  armhf: { architecture: "arm", variant: "v7" },
  armel: { architecture: "arm", variant: "v6" },
};

/**
 * "linux/arm64/v8", "arm64", "linux" to a normal platform; what is not said is the host's.
 * @throws InvalidArgument for an unknown single word or an impossible component
 */
export function parsePlatform(text: string, host: Platform): Platform {
  const parts = text.split("/");
  if (parts.length > 3)
    throw new InvalidArgument(`"${text}": cannot parse platform specifier: invalid argument`);
  for (const part of parts) {
    if (!/^[A-Za-z0-9_.-]+$/.test(part))
      throw new InvalidArgument(
        `"${part}" is an invalid component of "${text}": platform specifier component must match "^[A-Za-z0-9_.-]+$": invalid argument`,
      );
  }
  const [first, architecture, variant] = parts as [string, string?, string?];
  if (architecture !== undefined)
    return normalisePlatform({ os: first, architecture, ...(variant ? { variant } : {}) });
  return parseSingleWord(first, text, host);
}

function parseSingleWord(word: string, text: string, host: Platform): Platform {
  const os = normaliseOs(word);
  if (KNOWN_OS.has(os)) return normalisePlatform({ ...host, os });
  const platform = normalisePlatform({ os: host.os, architecture: word });
  if (KNOWN_ARCHITECTURES.has(platform.architecture)) return platform;
  throw new InvalidArgument(`"${text}": unknown operating system or architecture: invalid argument`);
}

/** One spelling for each platform: aliases resolved, default variants left out. */
export function normalisePlatform(platform: Platform): Platform {
  const alias = ARCHITECTURE_ALIASES[platform.architecture.toLowerCase()];
  const architecture = alias?.architecture ?? platform.architecture.toLowerCase();
  const variant = normaliseVariant(architecture, (platform.variant || alias?.variant || "").toLowerCase());
  const { variant: _given, ...rest } = platform;
  return { ...rest, os: normaliseOs(platform.os), architecture, ...(variant ? { variant } : {}) };
}

function normaliseOs(os: string): string {
  const lower = os.toLowerCase();
  return lower === "macos" ? "darwin" : lower;
}

function normaliseVariant(architecture: string, variant: string): string {
  const named = /^\d/.test(variant) ? `v${variant}` : variant;
  if (architecture === "arm64") return named === "v8" || named === "v8.0" ? "" : named;
  if (architecture === "arm") return named || "v7";
  if (architecture === "amd64") return named === "v1" ? "" : named;
  return named;
}

/** "linux/arm/v7" */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os || "unknown", architecture || "unknown", ...(variant ? [variant] : [])].join("/");
}

/** Same operating system, architecture and variant, once both are normal. */
export function isSamePlatform(a: Platform, b: Platform): boolean {
  return formatPlatform(normalisePlatform(a)) === formatPlatform(normalisePlatform(b));
}

/**
 * What a machine of this platform can run, best first: an arm64 one also 32-bit ARM, an amd64 one also 386, and each
 * variant the ones below it.
 */
export function runnablePlatforms(platform: Platform): Platform[] {
  const { os, architecture, variant = "" } = normalisePlatform(platform);
  return runnableOn(architecture, variant).map(([arch, level]) =>
    normalisePlatform({ os, architecture: arch, ...(level ? { variant: level } : {}) }),
  );
}

function runnableOn(architecture: string, variant: string): [string, string][] {
  const level = Number(/^v(\d+)/.exec(variant)?.[1] ?? 0);
  switch (architecture) {
    case "arm64":
      return [...arm64Variants(variant, level), ...downFrom(8, 5).map(arm)];
    case "arm":
      return downFrom(level, 5).map(arm);
    case "amd64":
      return [...downFrom(Math.max(level, 1), 1).map(amd64), ["386", ""]];
    default:
      return [[architecture, variant]];
  }
}

function arm64Variants(variant: string, level: number): [string, string][] {
  const lower = level > 8 ? downFrom(level - 1, 9).map((n): [string, string] => ["arm64", `v${n}`]) : [];
  return [...(variant ? [["arm64", variant] as [string, string]] : []), ...lower, ["arm64", ""]];
}

/** `from`, `from`-1, …, `to`; at least `from` itself, at most ten. */
function downFrom(from: number, to: number): number[] {
  return Array.from({ length: Math.min(Math.max(from - to + 1, 1), 10) }, (_, i) => from - i);
}

function arm(level: number): [string, string] {
  return ["arm", `v${level}`];
}

function amd64(level: number): [string, string] {
  return ["amd64", `v${level}`];
}
