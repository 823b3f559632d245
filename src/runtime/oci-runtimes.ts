import { closeSync, openSync, readSync, statSync } from "node:fs";
import { InvalidArgument, Unavailable } from "#base/errors.ts";
import { run } from "#base/spawn.ts";
import type { Kernel } from "#kernel/types.ts";
import type { OciRuntime, RuntimeKind } from "./oci-command.ts";

/** A runtime from the daemon's configuration. */
export interface RuntimeConfig {
  /** Absolute, or a name to look up in PATH. */
  readonly path: string;
  readonly args?: readonly string[];
}

/** Preferred first: crun starts a container in a fraction of runc's time. */
const BUILT_IN = ["crun", "runc"] as const;

/**
 * Looks which runtimes this host has: the configured ones, and crun and runc under their own names. A configured one
 * that cannot be run is left out and reported by `missing`.
 */
export async function findRuntimes(
  configured: Readonly<Record<string, RuntimeConfig>>,
): Promise<{ readonly found: ReadonlyMap<string, OciRuntime>; readonly missing: readonly string[] }> {
  const wanted: Record<string, RuntimeConfig> = { ...configured };
  for (const name of BUILT_IN) wanted[name] ??= { path: name };
  const probed = await Promise.all(
    Object.entries(wanted).map(([name, config]) => probeRuntime(name, config)),
  );
  const found = probed.filter((runtime) => runtime !== undefined);
  return {
    found: new Map(found.map((runtime) => [runtime.name, runtime])),
    missing: Object.keys(configured).filter((name) => !found.some((runtime) => runtime.name === name)),
  };
}

/** @returns undefined for what is no runtime, or cannot be run */
export async function probeRuntime(name: string, config: RuntimeConfig): Promise<OciRuntime | undefined> {
  const path = Bun.which(config.path);
  if (!path) return undefined;
  try {
    const { exitCode, stdout } = await run([path, "--version"]);
    if (exitCode !== 0) return undefined;
    const version = stdout.split("\n", 1)[0]!.trim();
    return { kind: kindOf(version), name, path, args: config.args ?? [], version };
  } catch {
    return undefined;
  }
}

function kindOf(version: string): RuntimeKind {
  if (/^crun\b/.test(version)) return "crun";
  return /^runc\b/.test(version) ? "runc" : "other";
}

/** @throws InvalidArgument when the asked name is unknown, Unavailable when the host has no runtime at all */
export function chooseDefault(found: ReadonlyMap<string, OciRuntime>, asked: string | undefined): string {
  if (asked !== undefined) {
    if (!found.has(asked)) throw unknownRuntime(asked);
    return asked;
  }
  const name = BUILT_IN.find((builtIn) => found.has(builtIn)) ?? found.keys().next().value;
  if (name === undefined)
    throw new Unavailable("no OCI runtime found on this host", { hint: "install crun or runc" });
  return name;
}

export function unknownRuntime(name: string): InvalidArgument {
  return new InvalidArgument(`unknown or invalid runtime name: ${name}`);
}

/**
 * Copies of runtimes in sealed memory, made once and again after an upgrade. crun runs from one in half the time: it
 * would otherwise make its own copy first, so that no container can overwrite it (CVE-2019-5736).
 */
export class SealedRuntimes implements Disposable {
  readonly #files: Pick<Kernel["files"], "sealedCopy" | "close">;
  readonly #copies = new Map<string, { readonly fd: number | undefined; readonly version: string }>();

  constructor(files: Pick<Kernel["files"], "sealedCopy" | "close">) {
    this.#files = files;
  }

  /** @returns a descriptor that stays ours, good until the next call; undefined for runtimes that gain nothing */
  descriptorFor(runtime: OciRuntime): number | undefined {
    if (runtime.kind !== "crun") return undefined;
    const { ino, mtimeMs, size } = statSync(runtime.path);
    const version = `${ino} ${mtimeMs} ${size}`;
    const old = this.#copies.get(runtime.path);
    if (old?.version === version) return old.fd;
    if (old?.fd !== undefined) this.#files.close(old.fd);
    const fd = isScript(runtime.path) ? undefined : this.#files.sealedCopy(runtime.path, runtime.name);
    this.#copies.set(runtime.path, { fd, version });
    return fd;
  }

  [Symbol.dispose](): void {
    for (const { fd } of this.#copies.values()) if (fd !== undefined) this.#files.close(fd);
    this.#copies.clear();
  }
}

/** What interprets it could not open it by a descriptor that is closed when it begins. */
function isScript(path: string): boolean {
  const fd = openSync(path, "r");
  try {
    const head = Buffer.alloc(2);
    return readSync(fd, head) === head.length && head.toString("latin1") === "#!";
  } finally {
    closeSync(fd);
  }
}
