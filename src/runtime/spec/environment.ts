/** The environment a container's processes begin with. */
import type { ContainerConfig } from "#spec/docker/containers.ts";

const DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * In Docker's order: defaults first, then the configuration's, each replacing a default in its place. A name without
 * "=" takes a variable away.
 */
export function containerEnvironment(
  config: Pick<ContainerConfig, "Hostname" | "Env">,
  terminal: boolean,
  ...more: readonly (readonly string[])[]
): string[] {
  const defaults = [DEFAULT_PATH, `HOSTNAME=${config.Hostname ?? ""}`, ...(terminal ? ["TERM=xterm"] : [])];
  return [config.Env ?? [], ...more].reduce<string[]>(override, defaults);
}

/** Runtimes look it up when it is missing, each in its own way: it is settled here. */
export function withHome(environment: readonly string[], home: string): string[] {
  const isSet = environment.some((entry) => entry.startsWith("HOME="));
  return isSet ? [...environment] : [...environment, `HOME=${home}`];
}

function override(environment: readonly string[], changes: readonly string[]): string[] {
  const values = new Map(environment.map((entry) => [nameOf(entry), entry]));
  for (const change of changes) {
    if (change.includes("=")) values.set(nameOf(change), change);
    else values.delete(change);
  }
  return [...values.values()];
}

function nameOf(entry: string): string {
  return entry.slice(0, entry.indexOf("="));
}
