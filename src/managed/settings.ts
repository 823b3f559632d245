import { InvalidArgument } from "#base/errors.ts";
import type { PluginConfig, PluginDevice, PluginMount, PluginSettings } from "#spec/docker/plugins.ts";

/** The configuration's own values. */
export function initialSettings({ Args, Env, Linux, Mounts }: PluginConfig): PluginSettings {
  return {
    Args: [...(Args.Value ?? [])],
    Devices: [...(Linux.Devices ?? [])],
    Env: (Env ?? []).flatMap(({ Name, Value }) => (Value === null ? [] : [`${Name}=${Value}`])),
    Mounts: [...(Mounts ?? [])],
  };
}

/**
 * `docker plugin set`: "NAME=value", "NAME.field=value".
 * @throws InvalidArgument in Docker's words; nothing has changed then
 */
export function changeSettings(
  config: PluginConfig,
  settings: PluginSettings,
  changes: readonly string[],
): PluginSettings {
  return changes.map(parseChange).reduce((before, change) => applyChange(config, before, change), settings);
}

interface Change {
  readonly name: string;
  readonly field: string;
  readonly value: string;
}

function parseChange(text: string): Change {
  const equals = text.indexOf("=");
  if (equals === 0) throw new InvalidArgument("invalid format, must be <key>=<value>");
  const key = equals < 0 ? text : text.slice(0, equals);
  const value = equals < 0 ? "" : text.slice(equals + 1);
  const dot = key.lastIndexOf(".");
  return dot > 0
    ? { name: key.slice(0, dot), field: key.slice(dot + 1), value }
    : { name: key, field: "", value };
}

interface Settable {
  readonly Name: string;
  readonly Settable: readonly string[] | null;
}

function applyChange(config: PluginConfig, settings: PluginSettings, change: Change): PluginSettings {
  const { name, value } = change;
  const named = (one: Settable) => one.Name === name;
  const env = config.Env?.find(named);
  if (env) {
    checkSettable(env, change, "value");
    return { ...settings, Env: withVariable(settings.Env, name, value) };
  }
  const mount = settings.Mounts.find(named);
  if (mount) {
    checkSettable(mount, change, "source");
    return { ...settings, Mounts: settings.Mounts.map((one) => (named(one) ? moved(one, value) : one)) };
  }
  const device = settings.Devices.find(named);
  if (device) {
    checkSettable(device, change, "path");
    return { ...settings, Devices: settings.Devices.map((one) => (named(one) ? placed(one, value) : one)) };
  }
  if (config.Args.Name === name) {
    checkSettable(config.Args, change, "value");
    return { ...settings, Args: value.split(" ") };
  }
  throw new InvalidArgument(`setting ${JSON.stringify(name)} not found in the plugin configuration`);
}

/** @param only the one field of its kind that can be set at all */
function checkSettable({ Settable }: Settable, { name, field }: Change, only: string): void {
  const settable = Settable ?? [];
  if (field === "" && settable.length > 1)
    throw new InvalidArgument("multiple fields are settable, one must be specified");
  const chosen = field || settable[0];
  if (chosen !== only || !settable.includes(only))
    throw new InvalidArgument(`${JSON.stringify(field === "" ? name : `${name}.${field}`)} is not settable`);
}

function withVariable(env: readonly string[], name: string, value: string): string[] {
  const text = `${name}=${value}`;
  const isThere = env.some((one) => one.startsWith(`${name}=`));
  return isThere ? env.map((one) => (one.startsWith(`${name}=`) ? text : one)) : [...env, text];
}

function moved(mount: PluginMount, Source: string): PluginMount {
  if (mount.Source === null) throw new InvalidArgument("Plugin config has no mount source");
  return { ...mount, Source };
}

function placed(device: PluginDevice, Path: string): PluginDevice {
  if (device.Path === null) throw new InvalidArgument("Plugin config has no device path");
  return { ...device, Path };
}

/** What was set before an upgrade, as far as the new configuration knows it and still lets it be set. */
export function carriedSettings(
  before: { readonly config: PluginConfig; readonly settings: PluginSettings },
  config: PluginConfig,
): PluginSettings {
  return changesSince(before).reduce((settings, change) => {
    try {
      return applyChange(config, settings, change);
    } catch {
      return settings; // the new version has it no more
    }
  }, initialSettings(config));
}

function changesSince({
  config,
  settings,
}: {
  readonly config: PluginConfig;
  readonly settings: PluginSettings;
}): Change[] {
  const own = initialSettings(config);
  const env = settings.Env.filter((one) => !own.Env.includes(one)).map((one) => {
    const [name = "", value = ""] = one.split(/=(.*)/s);
    return { name, field: "value", value };
  });
  const mounts = settings.Mounts.filter(({ Source }, at) => Source !== own.Mounts[at]?.Source).map(
    ({ Name, Source }) => ({ name: Name, field: "source", value: Source ?? "" }),
  );
  const devices = settings.Devices.filter(({ Path }, at) => Path !== own.Devices[at]?.Path).map(
    ({ Name, Path }) => ({ name: Name, field: "path", value: Path ?? "" }),
  );
  const args = Bun.deepEquals(settings.Args, own.Args)
    ? []
    : [{ name: config.Args.Name, field: "value", value: settings.Args.join(" ") }];
  return [...env, ...mounts, ...devices, ...args];
}
