/**
 * What Go's types add to JSON. The engine leaves out fields that are empty, and JSON does not tell a struct from a map;
 * templates written for Docker's client see both. A shape says what a value is in Go, for the parts people use.
 */

import { FIELD_ORDER, NIL } from "./go-marks.ts";

/** An empty text, 0 or false stands for a plain field; it is also the value of one that is absent. */
export type Shape = "" | 0 | false | ShapeNode;

export interface ShapeNode {
  readonly kind: "struct" | "open" | "list" | "map" | "pointer";
  /** Of "struct" and "open". */
  readonly fields?: Readonly<Record<string, Shape>>;
  /** Of the elements of "list" and "map", and of what a "pointer" points to. */
  readonly of?: Shape;
}

/** All its fields in Go's order: it is shown as "{a b}". */
export const struct = (fields: Readonly<Record<string, Shape>>): ShapeNode => ({ kind: "struct", fields });
/** Some fields of a struct: absent ones get their empty value, it is shown as a map. */
export const open = (fields: Readonly<Record<string, Shape>>): ShapeNode => ({ kind: "open", fields });
export const list = (of: Shape = ""): ShapeNode => ({ kind: "list", of });
export const map = (of: Shape = ""): ShapeNode => ({ kind: "map", of });
export const pointer = (of: Shape = ""): ShapeNode => ({ kind: "pointer", of });

/**
 * The value with everything its shape promises. What is added does not appear in JSON made from it.
 * @param value parsed JSON; changed in place where it can be
 */
export function applyShape(value: unknown, shape: Shape): unknown {
  if (typeof shape !== "object") return value ?? shape;
  if (value === null || value === undefined) return emptyValue(shape);
  switch (shape.kind) {
    case "list":
      return Array.isArray(value) ? value.map((one) => applyShape(one, shape.of!)) : value;
    case "pointer":
      return applyShape(value, shape.of!);
    case "map":
      return isRecord(value) ? mapValues(value, shape.of!) : value;
    default:
      return isRecord(value) ? shapeFields(value, shape) : value;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function mapValues(value: Record<string, unknown>, of: Shape): Record<string, unknown> {
  for (const key of Object.keys(value)) value[key] = applyShape(value[key], of);
  return value;
}

function shapeFields(
  value: Record<string, unknown>,
  { kind, fields = {} }: ShapeNode,
): Record<string, unknown> {
  for (const [name, shape] of Object.entries(fields)) {
    if (Object.hasOwn(value, name)) value[name] = applyShape(value[name], shape);
    else Object.defineProperty(value, name, { value: applyShape(undefined, shape), enumerable: false });
  }
  if (kind === "struct") Object.defineProperty(value, FIELD_ORDER, { value: Object.keys(fields) });
  return value;
}

/** Go's zero value of a shape, which is null in JSON. */
function emptyValue({ kind, fields }: ShapeNode): unknown {
  if (kind === "struct" || kind === "open") return shapeFields({}, { kind, fields: fields ?? {} });
  const empty: object = kind === "list" ? [] : {};
  if (kind === "pointer") Object.defineProperty(empty, NIL, { value: true });
  return Object.defineProperty(empty, "toJSON", { value: () => null });
}

const PORT_MAP = map(list(struct({ HostIp: "", HostPort: "" })));
const STRINGS = list("");
const LABELS = map("");

const HEALTHCHECK = pointer(
  open({ Test: STRINGS, Interval: 0, Timeout: 0, StartPeriod: 0, StartInterval: 0, Retries: 0 }),
);

const STATE = struct({
  Status: "",
  Running: false,
  Paused: false,
  Restarting: false,
  OOMKilled: false,
  Dead: false,
  Pid: 0,
  ExitCode: 0,
  Error: "",
  StartedAt: "",
  FinishedAt: "",
  Health: pointer(open({ Status: "", FailingStreak: 0, Log: list() })),
});

const MOUNT_POINT = struct({
  Type: "",
  Name: "",
  Source: "",
  Destination: "",
  Driver: "",
  Mode: "",
  RW: false,
  Propagation: "",
});

const CONFIG = open({
  ExposedPorts: map(struct({})),
  Env: STRINGS,
  Cmd: STRINGS,
  Entrypoint: STRINGS,
  Volumes: map(struct({})),
  Labels: LABELS,
  OnBuild: STRINGS,
  Shell: STRINGS,
  Healthcheck: HEALTHCHECK,
  StopSignal: "",
  StopTimeout: pointer(0),
  MacAddress: "",
});

const HOST_CONFIG = open({
  Binds: STRINGS,
  LogConfig: struct({ Type: "", Config: LABELS }),
  PortBindings: PORT_MAP,
  RestartPolicy: struct({ Name: "", MaximumRetryCount: 0 }),
  VolumesFrom: STRINGS,
  Mounts: list(),
  Annotations: LABELS,
  CapAdd: STRINGS,
  CapDrop: STRINGS,
  Dns: STRINGS,
  DnsOptions: STRINGS,
  DnsSearch: STRINGS,
  ExtraHosts: STRINGS,
  GroupAdd: STRINGS,
  Links: STRINGS,
  SecurityOpt: STRINGS,
  StorageOpt: LABELS,
  Tmpfs: LABELS,
  Sysctls: LABELS,
  Devices: list(),
  DeviceCgroupRules: STRINGS,
  DeviceRequests: list(),
  Ulimits: list(),
  MemorySwappiness: pointer(0),
  OomKillDisable: pointer(false),
  PidsLimit: pointer(0),
  Init: pointer(false),
  MaskedPaths: STRINGS,
  ReadonlyPaths: STRINGS,
});

const GRAPH_DRIVER = struct({ Data: LABELS, Name: "" });

export const CONTAINER_SHAPE = open({
  Args: STRINGS,
  State: STATE,
  ExecIDs: STRINGS,
  HostConfig: HOST_CONFIG,
  GraphDriver: GRAPH_DRIVER,
  SizeRw: pointer(0),
  SizeRootFs: pointer(0),
  Mounts: list(MOUNT_POINT),
  Config: CONFIG,
  NetworkSettings: open({
    Ports: PORT_MAP,
    Networks: map(open({ Links: STRINGS, Aliases: STRINGS, DriverOpts: LABELS, DNSNames: STRINGS })),
  }),
});

export const IMAGE_SHAPE = open({
  RepoTags: STRINGS,
  RepoDigests: STRINGS,
  Parent: "",
  Comment: "",
  Created: "",
  Author: "",
  Variant: "",
  OsVersion: "",
  Config: CONFIG,
  GraphDriver: GRAPH_DRIVER,
  RootFS: struct({ Type: "", Layers: STRINGS }),
  Descriptor: pointer(),
});

export const NETWORK_SHAPE = open({
  EnableIPv4: false,
  IPAM: struct({
    Driver: "",
    Options: LABELS,
    Config: list(struct({ Subnet: "", IPRange: "", Gateway: "", AuxiliaryAddresses: LABELS })),
  }),
  ConfigFrom: struct({ Network: "" }),
  Containers: map(struct({ Name: "", EndpointID: "", MacAddress: "", IPv4Address: "", IPv6Address: "" })),
  Options: LABELS,
  Labels: LABELS,
});

export const VOLUME_SHAPE = open({
  CreatedAt: "",
  Labels: LABELS,
  Options: LABELS,
  Status: map(),
  UsageData: pointer(),
});
