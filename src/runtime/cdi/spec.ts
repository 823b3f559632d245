/**
 * Container Device Interface: files in which makers of devices say what a container needs to use one.
 * @see https://github.com/cncf-tags/container-device-interface/blob/main/SPEC.md
 */
import { InvalidArgument } from "#base/errors.ts";

export interface CdiSpec {
  readonly cdiVersion: string;
  /** "vendor.com/class" */
  readonly kind: string;
  readonly containerEdits?: CdiEdits;
  readonly devices: readonly CdiDevice[];
}

export interface CdiDevice {
  readonly name: string;
  readonly containerEdits: CdiEdits;
}

export interface CdiEdits {
  readonly env?: readonly string[];
  readonly deviceNodes?: readonly CdiNode[];
  readonly mounts?: readonly CdiMount[];
  readonly hooks?: readonly CdiHook[];
  readonly additionalGids?: readonly number[];
  readonly intelRdt?: Readonly<Record<string, unknown>>;
}

export interface CdiNode {
  readonly path: string;
  readonly hostPath?: string;
  readonly type?: string;
  readonly major?: number;
  readonly minor?: number;
  readonly fileMode?: number;
  readonly permissions?: string;
  readonly uid?: number;
  readonly gid?: number;
}

export interface CdiMount {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly type?: string;
  readonly options?: readonly string[];
}

export interface CdiHook {
  readonly hookName: string;
  readonly path: string;
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  readonly timeout?: number;
}

const KIND = /^[A-Za-z0-9][A-Za-z0-9_.-]*\/[A-Za-z][A-Za-z0-9_-]*$/;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.:-]*$/;
const EDITS = new Set([
  ...["env", "deviceNodes", "mounts", "hooks", "additionalGids", "additionalGIDs", "intelRdt"],
]);
const HOOKS = new Set([
  ...["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"],
]);

/** Whether a text is a device's full name: "vendor.com/class=name". */
export function isQualifiedName(text: string): boolean {
  const at = text.indexOf("=");
  return at > 0 && KIND.test(text.slice(0, at)) && NAME.test(text.slice(at + 1));
}

/**
 * Checks what a file holds. Edits nobody here knows are refused: a device without them would only seem to be there.
 * @param value parsed JSON or YAML
 * @throws InvalidArgument
 */
export function parseCdiSpec(value: unknown): CdiSpec {
  const { cdiVersion, kind, devices, containerEdits } = objectOf(value, "the specification");
  if (typeof cdiVersion !== "string" || !/^v?[01]\.\d+\.\d+$/.test(cdiVersion))
    throw new InvalidArgument(`cdiVersion ${JSON.stringify(cdiVersion)} is not known`);
  if (typeof kind !== "string" || !KIND.test(kind))
    throw new InvalidArgument(`kind ${JSON.stringify(kind)} is not of the form vendor/class`);
  if (!Array.isArray(devices) || devices.length === 0) throw new InvalidArgument("it names no devices");
  return {
    cdiVersion,
    kind,
    ...(containerEdits === undefined ? {} : { containerEdits: parseEdits(containerEdits) }),
    devices: devices.map(parseDevice),
  };
}

function parseDevice(value: unknown): CdiDevice {
  const { name, containerEdits } = objectOf(value, "a device");
  if (typeof name !== "string" || !NAME.test(name))
    throw new InvalidArgument(`device name ${JSON.stringify(name)} is invalid`);
  return { name, containerEdits: parseEdits(containerEdits ?? {}) };
}

function parseEdits(value: unknown): CdiEdits {
  const { additionalGIDs, ...edits } = objectOf(value, "containerEdits");
  const unknown = Object.keys(edits).find((key) => !EDITS.has(key));
  if (unknown !== undefined) throw new InvalidArgument(`edit ${unknown} is not supported`);
  const parsed: Record<string, unknown> = {
    ...edits,
    ...(additionalGIDs === undefined ? {} : { additionalGids: additionalGIDs }),
  };
  for (const list of ["env", "deviceNodes", "mounts", "hooks", "additionalGids"] as const)
    if (parsed[list] !== undefined && !Array.isArray(parsed[list]))
      throw new InvalidArgument(`${list} must be a list`);
  const checked = parsed as CdiEdits;
  for (const entry of checked.env ?? [])
    if (typeof entry !== "string" || !/^[^=]+=/.test(entry))
      throw new InvalidArgument(`env ${JSON.stringify(entry)} is not NAME=value`);
  for (const { path } of checked.deviceNodes ?? []) checkPath("a device node", path);
  for (const { hostPath, containerPath } of checked.mounts ?? []) {
    checkPath("a mount's hostPath", hostPath);
    checkPath("a mount's containerPath", containerPath);
  }
  for (const { hookName, path } of checked.hooks ?? []) {
    checkPath(`hook ${hookName}`, path);
    if (!HOOKS.has(hookName)) throw new InvalidArgument(`hook ${JSON.stringify(hookName)} is not known`);
  }
  for (const gid of checked.additionalGids ?? [])
    if (!Number.isInteger(gid) || gid < 0) throw new InvalidArgument(`additional group ${gid} is invalid`);
  return checked;
}

function checkPath(what: string, path: unknown): void {
  if (typeof path !== "string" || !path.startsWith("/"))
    throw new InvalidArgument(`${what} must be an absolute path, not ${JSON.stringify(path)}`);
}

function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new InvalidArgument(`${what} is no object`);
  return value as Record<string, unknown>;
}
