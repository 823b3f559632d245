/** Rules between the keys of one mapping, which a shape cannot say. */
import { isIP } from "node:net";
import { pathTable } from "./path-table.ts";
import { isMap, type Path, type Places, type Tree, type TreeMap } from "./tree.ts";

/** @returns what is wrong */
type Check = (value: TreeMap) => string | undefined;

const CHECKS = pathTable<Check>({
  "volumes.*": externalStandsAlone,
  "configs.*": oneSource("file", "environment", "content"),
  "secrets.*": oneSource("file", "environment"),
  "services.*.ports.*": ({ host_ip: ip }) =>
    typeof ip === "string" && isIP(ip) === 0 ? `invalid ip address: ${ip}` : undefined,
  "services.*.develop.watch.*": ({ path }) => (path === "" ? "path: value can't be blank" : undefined),
  "services.*.deploy.resources.reservations.devices.*": countOrIds,
  "services.*.gpus.*": countOrIds,
});

/** @throws ComposeFileError */
export function checkDocument(root: TreeMap, places: Places): void {
  const walk = (value: Tree, path: Path): void => {
    if (typeof value !== "object" || value === null) return;
    const problem = isMap(value) ? CHECKS.find(path)?.(value) : undefined;
    if (problem) throw places.error(problem, root, path);
    if (!CHECKS.leadsOn(path)) return;
    for (const key of Object.keys(value))
      walk((value as TreeMap)[key]!, [...path, Array.isArray(value) ? Number(key) : key]);
  };
  walk(root, []);
}

function externalStandsAlone(value: TreeMap): string | undefined {
  if (value.external !== true) return undefined;
  const other = Object.keys(value).find(
    (key) => key !== "name" && key !== "external" && !key.startsWith("x-"),
  );
  return other && `conflicting parameters "external" and "${other}" specified`;
}

function oneSource(...keys: string[]): Check {
  return (value) => {
    const given = keys.filter((key) => key in value);
    if (given.length > 1) return `${keys.join("|")} attributes are mutually exclusive`;
    if (given.length === 1 || "driver" in value || "external" in value) return undefined;
    return `one of ${keys.join("|")} must be set`;
  };
}

function countOrIds(value: TreeMap): string | undefined {
  return "count" in value && "device_ids" in value
    ? '"count" and "device_ids" attributes are exclusive'
    : undefined;
}
