/** Lists in which an entry is named by a part of itself: of several with one name the last is kept, where the first was. */

import { goText } from "./go-text.ts";
import { pathTable } from "./path-table.ts";
import { isMap, kindOf, type Path, type Places, type Tree, type TreeList, type TreeMap } from "./tree.ts";
import { mountTargetOf } from "./volume-syntax.ts";

/** @returns undefined when the value has no name; an Error says why it may not be there */
export type KeyOf = (value: Tree) => string | Error;

const KEYS = pathTable<KeyOf>({
  "networks.*.labels": keyOfPair,
  "networks.*.ipam.options": keyOfPair,
  ...Object.fromEntries(
    [
      "annotations",
      "build.args",
      "build.additional_contexts",
      "build.tags",
      "build.labels",
      "cap_add",
      "cap_drop",
      "deploy.labels",
      "dns",
      "dns_opt",
      "dns_search",
      "environment",
      "labels",
      "links",
      "networks.*.aliases",
      "networks.*.link_local_ips",
      "profiles",
      "sysctls",
      "tmpfs",
    ].map((attribute) => [`services.*.${attribute}`, keyOfPair]),
  ),
  "services.*.devices": keyOfDevice,
  "services.*.configs": keyOfFileReference(""),
  "services.*.secrets": keyOfFileReference("/run/secrets"),
  "services.*.env_file": keyOfEnvFile,
  "services.*.expose": keyOfExpose,
  "services.*.ports": keyOfPort,
  "services.*.volumes": keyOfVolume,
});

/** Goes through a whole document. */
export function enforceUnique(root: TreeMap, places: Places): void {
  walk(root, [], places);
}

function walk(container: TreeMap, path: Path, places: Places): void {
  for (const key of Object.keys(container)) {
    const value = container[key]!;
    const here = [...path, key];
    if (isMap(value)) {
      if (KEYS.leadsOn(here)) walk(value, here, places);
    } else if (Array.isArray(value)) {
      const keyOf = KEYS.find(here);
      if (keyOf) container[key] = keepLastPerKey(value, keyOf, here, places);
    }
  }
}

export function keepLastPerKey(list: TreeList, keyOf: KeyOf, path: Path, places: Places): TreeList {
  const kept: TreeList = [];
  const positions = new Map<string, number>();
  for (const [index, value] of list.entries()) {
    const key = keyOf(value);
    if (key instanceof Error)
      throw places.errorAt(key.message, places.get(list, index), `${path.join(".")}[${index}]`);
    const at = positions.get(key) ?? kept.length;
    positions.set(key, at);
    kept[at] = value;
    places.copy(list, index, kept, at);
  }
  return kept;
}

/** "KEY" of "KEY=VALUE". */
export function keyOfPair(value: Tree): string | Error {
  if (typeof value !== "string") return new Error(`expected a string, not ${kindOf(value)}`);
  const equals = value.indexOf("=");
  return equals < 0 ? value : value.slice(0, equals);
}

function keyOfVolume(value: Tree): string | Error {
  if (typeof value === "string") return mountTargetOf(value);
  if (!isMap(value)) return "";
  return typeof value.target === "string" ? value.target : new Error("the volume has no mount target");
}

function keyOfDevice(value: Tree): string | Error {
  if (typeof value === "string") return value.split(":")[1] ?? value;
  if (!isMap(value)) return "";
  return typeof value.target === "string" ? value.target : new Error("the device has no target");
}

function keyOfFileReference(folder: string): KeyOf {
  return (value) => {
    if (typeof value === "string") return `${folder}/${value}`;
    if (!isMap(value)) return new Error(`expected a name or a mapping, not ${kindOf(value)}`);
    return typeof value.target === "string" ? value.target : `${folder}/${goText(value.source ?? "")}`;
  };
}

function keyOfEnvFile(value: Tree): string | Error {
  if (typeof value === "string") return value;
  if (!isMap(value)) return "";
  return typeof value.path === "string" ? value.path : new Error("the env file has no path");
}

function keyOfExpose(value: Tree): string | Error {
  if (typeof value === "string" || typeof value === "number") return String(value);
  return new Error(`expected a port, not ${kindOf(value)}`);
}

function keyOfPort(value: Tree): string | Error {
  if (!isMap(value)) return goText(value);
  if (value.target === undefined) return new Error("the port has no target");
  const { host_ip = "0.0.0.0", published = "", target, protocol = "tcp" } = value;
  return `${goText(host_ip)}:${goText(published)}:${goText(target)}/${goText(protocol)}`;
}
