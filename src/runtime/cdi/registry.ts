import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "#base/errors.ts";
import { isErrno } from "#base/fs.ts";
import type { Log } from "#base/log.ts";
import { type CdiDevice, type CdiEdits, type CdiSpec, parseCdiSpec } from "./spec.ts";

/** A device by its full name, with the edits its specification has for all of its devices. */
export interface CdiEntry {
  readonly device: CdiDevice;
  readonly spec: CdiSpec;
}

/** Devices by full name ("vendor.com/class=name"); null for a name that two specifications of one directory claim. */
export type CdiDevices = ReadonlyMap<string, CdiEntry | null>;

/**
 * Reads the specifications there are now: they come and go with the devices. What is no specification is told of and
 * left out, and does not keep the others from being used.
 * @param directories later ones win
 */
export function readCdiDevices(directories: readonly string[], log: Pick<Log, "warn">): CdiDevices {
  const devices = new Map<string, CdiEntry | null>();
  for (const directory of directories) {
    const own = new Map<string, CdiEntry | null>();
    for (const spec of specsIn(directory, log))
      for (const device of spec.devices) {
        const name = `${spec.kind}=${device.name}`;
        own.set(name, own.has(name) ? null : { device, spec });
      }
    for (const [name, entry] of own) devices.set(name, entry);
  }
  return devices;
}

function specsIn(directory: string, log: Pick<Log, "warn">): CdiSpec[] {
  return filesIn(directory).flatMap((name) => {
    const path = join(directory, name);
    try {
      const text = readFileSync(path, "utf8");
      return [parseCdiSpec(name.endsWith(".json") ? JSON.parse(text) : Bun.YAML.parse(text))];
    } catch (error) {
      log.warn("a CDI specification cannot be used", { path, reason: messageOf(error) });
      return [];
    }
  });
}

function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => /\.(?:json|yaml)$/.test(name))
      .sort();
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return [];
    throw error;
  }
}

/** Edits for several devices: what their specifications have for all comes once, before the first of its devices. */
export function editsFor(entries: readonly CdiEntry[]): CdiEdits[] {
  const seen = new Set<CdiSpec>();
  return entries.flatMap(({ device, spec }) => {
    const isFirst = !seen.has(spec);
    seen.add(spec);
    return isFirst && spec.containerEdits
      ? [spec.containerEdits, device.containerEdits]
      : [device.containerEdits];
  });
}
