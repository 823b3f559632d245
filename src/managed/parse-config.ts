/**
 * A plugin's `config.json`. It comes from a registry or from whoever makes the plugin: what would lead out of the
 * plugin's own place is refused here, before anything is made of it.
 */
import { posix } from "node:path";
import { InvalidArgument } from "#base/errors.ts";
import type { PluginConfig, PluginDevice, PluginEnv, PluginMount } from "#spec/docker/plugins.ts";

/** @param text JSON; names match whatever their case, as Docker reads them @throws InvalidArgument naming the field */
export function parsePluginConfig(text: string): PluginConfig {
  const root = new Fields(parseJson(text), "");
  const args = root.object("Args");
  const iface = root.object("Interface");
  const linux = root.object("Linux");
  const user = root.object("User");
  const config: PluginConfig = {
    Args: {
      Description: args.text("Description"),
      Name: args.text("Name"),
      Settable: args.texts("Settable"),
      Value: args.texts("Value"),
    },
    Description: root.text("Description"),
    ...(root.text("DockerVersion") ? { DockerVersion: root.text("DockerVersion") } : {}),
    Documentation: root.text("Documentation"),
    Entrypoint: root.texts("Entrypoint"),
    Env: root.objects("Env", parseEnv),
    Interface: {
      ...(iface.text("ProtocolScheme") ? { ProtocolScheme: iface.text("ProtocolScheme") } : {}),
      Socket: iface.text("Socket"),
      Types: iface.texts("Types"),
    },
    IpcHost: root.flag("IpcHost"),
    Linux: {
      AllowAllDevices: linux.flag("AllowAllDevices"),
      Capabilities: linux.texts("Capabilities"),
      Devices: linux.objects("Devices", parseDevice),
    },
    Mounts: root.objects("Mounts", parseMount),
    Network: { Type: root.object("Network").text("Type") },
    PidHost: root.flag("PidHost"),
    PropagatedMount: root.text("PropagatedMount"),
    User: { ...user.number("GID"), ...user.number("UID") },
    WorkDir: root.text("WorkDir"),
    ...root.rootfs(),
  };
  check(config);
  return config;
}

function parseEnv(fields: Fields): PluginEnv {
  return { ...described(fields), Value: fields.textOrNull("Value") };
}

function parseDevice(fields: Fields): PluginDevice {
  const { Description, Name, Settable } = described(fields);
  return { Description, Name, Path: fields.textOrNull("Path"), Settable };
}

function parseMount(fields: Fields): PluginMount {
  const { Description, Name, Settable } = described(fields);
  return {
    Description,
    Destination: fields.text("Destination"),
    Name,
    Options: fields.texts("Options"),
    Settable,
    Source: fields.textOrNull("Source"),
    Type: fields.text("Type"),
  };
}

function described(fields: Fields) {
  return {
    Description: fields.text("Description"),
    Name: fields.text("Name"),
    Settable: fields.texts("Settable"),
  };
}

const NETWORKS = ["", "none", "null", "host", "bridge"];
const SCHEMES = ["", "moby.plugins.http/v1"];
const SOCKET = /^[\w][\w.-]{0,62}$/;
const TYPE = /^\w[\w-]*\.\w[\w-]*\/[\w.]+$/;

function check({
  Entrypoint,
  Env,
  Interface,
  Network,
  Mounts,
  PropagatedMount,
  WorkDir,
}: PluginConfig): void {
  if (!Entrypoint?.length) throw invalid("Entrypoint", "it names no program");
  if (!SOCKET.test(Interface.Socket))
    throw invalid("Interface.Socket", "it must be the plain name of a file");
  if (!SCHEMES.includes(Interface.ProtocolScheme ?? ""))
    throw invalid("Interface.ProtocolScheme", `only ${SCHEMES[1]} is spoken here`);
  const odd = Interface.Types?.find((type) => !TYPE.test(type));
  if (odd !== undefined) throw invalid("Interface.Types", `${JSON.stringify(odd)} is no type`);
  if (!NETWORKS.includes(Network.Type))
    throw invalid("Network.Type", `${JSON.stringify(Network.Type)} is none of none, host, bridge`);
  for (const { Name } of Env ?? [])
    if (!/^[^=\0]+$/.test(Name)) throw invalid("Env", `${JSON.stringify(Name)} is no name`);
  for (const { Destination } of Mounts ?? []) checkPath("Mounts", Destination);
  if (PropagatedMount !== "") checkPath("PropagatedMount", PropagatedMount);
  if (WorkDir !== "" && !WorkDir.startsWith("/")) throw invalid("WorkDir", "it must be absolute");
}

function checkPath(field: string, path: string): void {
  if (!path.startsWith("/") || posix.normalize(path) === "/" || path.split("/").includes(".."))
    throw invalid(field, `${JSON.stringify(path)} is no place for a mount`);
}

function invalid(field: string, reason: string): InvalidArgument {
  return new InvalidArgument(`invalid plugin config: ${field}: ${reason}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidArgument(`failed to parse config: ${(error as Error).message}`, { cause: error });
  }
}

/** Typed access to an object of unknown shape; what is absent or null has Go's zero value. */
class Fields {
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #path: string;

  constructor(value: unknown, path: string) {
    if (value !== undefined && (typeof value !== "object" || Array.isArray(value)))
      throw invalid(path || "the whole", "it must be an object");
    this.#values = new Map(Object.entries(value ?? {}).map(([name, one]) => [name.toLowerCase(), one]));
    this.#path = path;
  }

  text(name: string): string {
    return this.#typed(name, "string") ?? "";
  }

  textOrNull(name: string): string | null {
    return this.#typed(name, "string") ?? null;
  }

  flag(name: string): boolean {
    return this.#typed(name, "boolean") ?? false;
  }

  number<N extends string>(name: N): { readonly [K in N]?: number } {
    const value = this.#typed(name, "number");
    return (value === undefined ? {} : { [name]: value }) as { readonly [K in N]?: number };
  }

  texts(name: string): string[] | null {
    return this.#list(name, (value) => {
      if (typeof value !== "string") throw invalid(this.#at(name), "it must be a list of texts");
      return value;
    });
  }

  object(name: string): Fields {
    return new Fields(this.#value(name), this.#at(name));
  }

  objects<T>(name: string, parse: (fields: Fields) => T): T[] | null {
    return this.#list(name, (value) => parse(new Fields(value, this.#at(name))));
  }

  rootfs(): Pick<PluginConfig, "rootfs"> {
    if (this.#value("rootfs") === undefined) return {};
    const rootfs = this.object("rootfs");
    return { rootfs: { diff_ids: rootfs.texts("diff_ids") ?? [], type: rootfs.text("type") } };
  }

  #list<T>(name: string, parse: (value: unknown) => T): T[] | null {
    const value = this.#value(name);
    if (value === undefined) return null;
    if (!Array.isArray(value)) throw invalid(this.#at(name), "it must be a list");
    return value.map(parse);
  }

  #typed<K extends keyof Types>(name: string, type: K): Types[K] | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    if (typeof value !== type) throw invalid(this.#at(name), `it must be a ${type}`);
    return value as Types[K];
  }

  #value(name: string): unknown {
    return this.#values.get(name.toLowerCase()) ?? undefined;
  }

  #at(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }
}

interface Types {
  readonly string: string;
  readonly boolean: boolean;
  readonly number: number;
}
