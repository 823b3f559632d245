/** Managed plugins of the Docker Engine API, with the nulls that Docker writes where a list was never given. */

export interface PluginMount {
  Description: string;
  Destination: string;
  Name: string;
  Options: string[] | null;
  /** "source" */
  Settable: string[] | null;
  Source: string | null;
  Type: string;
}

export interface PluginDevice {
  Description: string;
  Name: string;
  Path: string | null;
  /** "path" */
  Settable: string[] | null;
}

export interface PluginEnv {
  Description: string;
  Name: string;
  /** "value" */
  Settable: string[] | null;
  Value: string | null;
}

/** `config.json` of a plugin. @see https://docs.docker.com/engine/extend/config/ */
export interface PluginConfig {
  Args: { Description: string; Name: string; Settable: string[] | null; Value: string[] | null };
  Description: string;
  DockerVersion?: string;
  Documentation: string;
  Entrypoint: string[] | null;
  Env: PluginEnv[] | null;
  /** Types: "docker.volumedriver/1.0" */
  Interface: { ProtocolScheme?: string; Socket: string; Types: string[] | null };
  IpcHost: boolean;
  Linux: { AllowAllDevices: boolean; Capabilities: string[] | null; Devices: PluginDevice[] | null };
  Mounts: PluginMount[] | null;
  Network: { Type: string };
  PidHost: boolean;
  PropagatedMount: string;
  User: { GID?: number; UID?: number };
  WorkDir: string;
  rootfs?: { diff_ids?: string[]; type?: string };
}

/** The configuration as its user has changed it. */
export interface PluginSettings {
  Args: string[];
  Devices: PluginDevice[];
  /** "NAME=value" */
  Env: string[];
  Mounts: PluginMount[];
}

export interface PluginObject {
  Config: PluginConfig;
  Enabled: boolean;
  Id: string;
  Name: string;
  PluginReference: string;
  Settings: PluginSettings;
}

/** Something of the host that a plugin wants. */
export interface PluginPrivilege {
  Name: string;
  Description: string;
  Value: string[];
}

export const PLUGIN_CONFIG_TYPE = "application/vnd.docker.plugin.v1+json";
