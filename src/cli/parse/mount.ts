/** `--mount`: "type=bind,source=/a,target=/b,readonly". */
import { parseBytes } from "#base/units.ts";
import type { MountSpec, MountType } from "#spec/docker/containers.ts";
import { splitCsv } from "../flag-kinds.ts";
import { splitPair } from "./pair.ts";

/** Keys that stand for true when they have no value. */
const SWITCHES = new Set([
  "readonly",
  "ro",
  "volume-nocopy",
  "bind-nonrecursive",
  "bind-create-src",
  "idmap",
]);

const OPTION_TYPES = ["bind", "volume", "image", "tmpfs"] as const;

/**
 * The source stays as it is written.
 * @throws Error in the words Docker's users know
 */
export function parseMount(text: string): MountSpec {
  const mount: MountSpec = { Type: "volume" };
  const usedOptions = new Set<string>();
  let recursion = "";
  for (const field of splitCsv(text)) {
    const { key, value } = splitField(field);
    const type = OPTION_TYPES.find((one) => key.startsWith(`${one}-`));
    if (type) usedOptions.add(type);
    if (key === "bind-recursive") recursion = value;
    else applyField(mount, { field, key, value });
  }
  if (recursion) applyRecursion(mount, recursion);
  checkMount(mount, usedOptions);
  return mount;
}

function splitField(field: string): { key: string; value: string } {
  const equals = field.indexOf("=");
  const key = (equals < 0 ? field : field.slice(0, equals)).toLowerCase();
  if (equals >= 0) return { key, value: field.slice(equals + 1) };
  if (SWITCHES.has(key)) return { key, value: "true" };
  throw new Error(`invalid field '${field}' must be a key=value pair`);
}

interface Field {
  readonly field: string;
  readonly key: string;
  readonly value: string;
}

function applyField(mount: MountSpec, { field, key, value }: Field): void {
  switch (key) {
    case "type":
      mount.Type = value.toLowerCase() as MountType;
      break;
    case "source":
    case "src":
      mount.Source = value;
      break;
    case "target":
    case "dst":
    case "destination":
      mount.Target = value;
      break;
    case "readonly":
    case "ro":
      mount.ReadOnly = parseSwitch(key, value);
      break;
    case "consistency":
      mount.Consistency = value.toLowerCase();
      break;
    case "bind-propagation":
      mount.BindOptions = { ...mount.BindOptions, Propagation: value.toLowerCase() };
      break;
    case "bind-nonrecursive":
      mount.BindOptions = { ...mount.BindOptions, NonRecursive: parseSwitch(key, value) };
      break;
    case "idmap":
      mount.BindOptions = { ...mount.BindOptions, IDMap: value === "true" ? "owner" : value };
      break;
    case "bind-create-src":
      mount.BindOptions = { ...mount.BindOptions, CreateMountpoint: parseSwitch(key, value) };
      break;
    case "image-subpath":
      mount.ImageOptions = { Subpath: value };
      break;
    case "tmpfs-size":
      mount.TmpfsOptions = {
        ...mount.TmpfsOptions,
        SizeBytes: orInvalid(key, value, () => parseBytes(value)),
      };
      break;
    case "tmpfs-mode":
      mount.TmpfsOptions = { ...mount.TmpfsOptions, Mode: orInvalid(key, value, () => parseOctal(value)) };
      break;
    default:
      mount.VolumeOptions = withVolumeOption(mount.VolumeOptions ?? {}, { field, key, value });
  }
}

type VolumeOptions = NonNullable<MountSpec["VolumeOptions"]>;

function withVolumeOption(options: VolumeOptions, { field, key, value }: Field): VolumeOptions {
  const driver = options.DriverConfig;
  const [name, text = ""] = splitPair(value);
  switch (key) {
    case "volume-subpath":
      return { ...options, Subpath: value };
    case "volume-nocopy":
      return { ...options, NoCopy: parseSwitch(key, value) };
    case "volume-label":
      return { ...options, Labels: { ...options.Labels, [name]: text } };
    case "volume-driver":
      return { ...options, DriverConfig: { ...driver, Name: value } };
    case "volume-opt":
      return { ...options, DriverConfig: { ...driver, Options: { ...driver?.Options, [name]: text } } };
    default:
      throw new Error(`unexpected key '${key}' in '${field}'`);
  }
}

function parseSwitch(key: string, value: string): boolean {
  return orInvalid(key, value, () => {
    if (["1", "t", "true"].includes(value.toLowerCase())) return true;
    if (["0", "f", "false"].includes(value.toLowerCase())) return false;
    throw new Error("no boolean");
  });
}

function parseOctal(text: string): number {
  if (!/^[0-7]+$/.test(text)) throw new Error("no octal number");
  return Number.parseInt(text, 8);
}

function orInvalid<T>(key: string, value: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new Error(`invalid value for ${key}: ${value}`, { cause: error });
  }
}

/** Whether what is mounted below the source comes too, and stays writable. */
function applyRecursion(mount: MountSpec, recursion: string): void {
  const setting = {
    enabled: {},
    disabled: { NonRecursive: true },
    writable: { ReadOnlyNonRecursive: true },
    readonly: { ReadOnlyForceRecursive: true },
  }[recursion];
  if (!setting)
    throw new Error(
      `invalid value for bind-recursive: ${recursion} (must be "enabled", "disabled", "writable", or "readonly")`,
    );
  mount.BindOptions = { ...mount.BindOptions, ...setting };
  if (recursion === "writable" && !mount.ReadOnly)
    throw new Error("option 'bind-recursive=writable' requires 'readonly' to be specified in conjunction");
  if (recursion !== "readonly") return;
  if (!mount.ReadOnly)
    throw new Error("option 'bind-recursive=readonly' requires 'readonly' to be specified in conjunction");
  if (mount.BindOptions.Propagation !== "rprivate")
    throw new Error(
      "option 'bind-recursive=readonly' requires 'bind-propagation=rprivate' to be specified in conjunction",
    );
}

function checkMount(mount: MountSpec, usedOptions: ReadonlySet<string>): void {
  if (!mount.Type) throw new Error("type is required");
  if (!mount.Target) throw new Error("target is required");
  for (const option of usedOptions)
    if (option !== mount.Type)
      throw new Error(`cannot mix '${option}-*' options with mount type '${mount.Type}'`);
}
