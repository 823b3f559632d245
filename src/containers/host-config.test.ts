import { describe, expect, test } from "bun:test";
import { InvalidArgument } from "#base/errors.ts";
import type { ContainerConfig, HostConfig } from "#spec/docker/containers.ts";
import { checkConfig, checkPort } from "./check-config.ts";
import { checkHostConfig } from "./check-host-config.ts";
import { completeHostConfig, type HostDefaults } from "./host-config.ts";

const defaults: HostDefaults = {
  logConfig: { Type: "json-file", Config: { "max-size": "1m" } },
  runtime: "crun",
  shmSizeBytes: 64 << 20,
  cgroupVersion: "v2",
  ipcMode: "private",
  cgroupnsMode: undefined,
  maskedPaths: ["/proc/kcore"],
  readonlyPaths: ["/proc/sys"],
};
const host = { cpus: 2, cgroupVersion: "v2", runtimes: new Set(["crun"]) } as const;

describe("completeHostConfig()", () => {
  test("fills in what dockerd shows for a container that asks for nothing", () => {
    expect(completeHostConfig({}, defaults)).toMatchObject({
      NetworkMode: "bridge",
      PortBindings: null,
      RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
      LogConfig: { Type: "json-file", Config: { "max-size": "1m" } },
      IpcMode: "private",
      CgroupnsMode: "private",
      ShmSize: 64 << 20,
      ConsoleSize: [0, 0],
      OomKillDisable: null,
      PidsLimit: null,
      MaskedPaths: ["/proc/kcore"],
      ReadonlyPaths: ["/proc/sys"],
      SecurityOpt: null,
      CapAdd: null,
      Binds: null,
    });
  });

  test("keeps what was asked", () => {
    const asked: HostConfig = {
      NetworkMode: "blue",
      LogConfig: { Type: "none" },
      PortBindings: { "80": [{ HostPort: "8080" }], "53/udp": [] },
      CgroupnsMode: "host",
      IpcMode: "host",
      PidsLimit: 5,
      MaskedPaths: [],
      Binds: ["/a:/b"],
    };
    expect(completeHostConfig(asked, defaults)).toMatchObject({
      NetworkMode: "blue",
      LogConfig: { Type: "none", Config: {} },
      PortBindings: {
        "80/tcp": [{ HostIp: "", HostPort: "8080" }],
        "53/udp": [{ HostIp: "", HostPort: "" }],
      },
      CgroupnsMode: "host",
      IpcMode: "host",
      ShmSize: 64 << 20,
      SecurityOpt: ["label=disable"],
      PidsLimit: 5,
      MaskedPaths: [],
      Binds: ["/a:/b"],
    });
  });

  test("hides nothing from a privileged container", () => {
    const { MaskedPaths, ReadonlyPaths } = completeHostConfig({ Privileged: true }, defaults);
    expect([MaskedPaths, ReadonlyPaths]).toEqual([null, null]);
  });
});

describe("checkHostConfig()", () => {
  const accepted: [HostConfig, ContainerConfig][] = [
    [{}, {}],
    [{ NetworkMode: "container:x" }, {}],
    [{ NetworkMode: "host", PortBindings: { "80/tcp": [] } }, { Hostname: "h" }],
    [{ ExtraHosts: ["db:10.0.0.1", "gw:host-gateway", "six:[::1]", "s=::1"], Dns: ["1.1.1.1", "::1"] }, {}],
    [{ CapAdd: ["ALL", "NET_ADMIN", "cap_sys_time"], CapDrop: ["all"] }, {}],
    [{ PidMode: "host", IpcMode: "container:x", UTSMode: "host" }, {}],
  ];
  for (const [hostConfig, config] of accepted)
    test(`accepts ${JSON.stringify(hostConfig)}`, () => {
      checkHostConfig(hostConfig, config, host);
    });

  const shared: HostConfig = { NetworkMode: "container:x" };
  const refused: [HostConfig, ContainerConfig, string][] = [
    [shared, { Hostname: "h" }, "conflicting options: hostname and the network mode"],
    [{ ...shared, Dns: ["1.1.1.1"] }, {}, "conflicting options: dns and the network mode"],
    [
      { ...shared, ExtraHosts: ["a:1.1.1.1"] },
      {},
      "conflicting options: custom host-to-IP mapping and the network mode",
    ],
    [
      { ...shared, PortBindings: { "80/tcp": [] } },
      {},
      "conflicting options: port publishing and the container type network mode",
    ],
    [
      shared,
      { ExposedPorts: { "80/tcp": {} } },
      "conflicting options: port exposing and the container type network mode",
    ],
    [
      { NetworkMode: "host" },
      { MacAddress: "02:00:00:00:00:01" },
      "conflicting options: mac-address and the network mode",
    ],
    [{ UTSMode: "host" }, { Hostname: "h" }, "conflicting options: hostname and the UTS mode"],
    [{ PidMode: "mine" }, {}, "invalid PID mode: mine"],
    [{ IpcMode: "container:" }, {}, "invalid IPC mode: container:"],
    [{ UTSMode: "private" }, {}, "invalid UTS mode: private"],
    [{ NetworkMode: "container:" }, {}, "invalid container format container:<name|id>"],
    [
      { NetworkMode: "host", Sysctls: { "net.x": "1" } },
      {},
      "sysctl 'net.x' is not allowed in host network namespace",
    ],
    [{ ExtraHosts: ["db"] }, {}, 'bad format for add-host: "db"'],
    [{ ExtraHosts: ["db:nowhere"] }, {}, 'invalid IP address in add-host: "nowhere"'],
    [{ Dns: ["nowhere"] }, {}, "nowhere is not an ip address"],
    [{ PortBindings: { "80/tcp": [{ HostPort: "many" }] } }, {}, 'invalid port specification: "many"'],
    [{ PortBindings: { "80/tcp": [{ HostIp: "many" }] } }, {}, "invalid IP address: many"],
    [{ CapDrop: ["SING"] }, {}, 'invalid CapDrop: unknown capability: "CAP_SING"'],
    [{ LogConfig: { Type: "x" } }, {}, "logger: no log driver named 'x' is registered"],
    [{ Isolation: "hyperv" }, {}, `Invalid isolation: "hyperv" - linux only supports 'default'`],
  ];
  for (const [hostConfig, config, text] of refused)
    test(`refuses ${JSON.stringify({ ...hostConfig, ...config })} in Docker's words`, () => {
      expect(() => checkHostConfig(hostConfig, config, host)).toThrow(new InvalidArgument(text));
    });
});

describe("checkConfig()", () => {
  const refused: [ContainerConfig, string][] = [
    [{}, "no command specified"],
    [{ Cmd: ["x"], Env: ["=1"] }, "invalid environment variable: =1"],
    [{ Cmd: ["x"], ExposedPorts: { "80/icmp": {} } }, "invalid proto: icmp"],
    [{ Cmd: ["x"], Healthcheck: { Interval: 5 } }, "Interval in Healthcheck cannot be less than 1ms"],
    [{ Cmd: ["x"], Healthcheck: { Retries: -1 } }, "Retries in Healthcheck cannot be negative"],
    [{ Cmd: ["x"], Healthcheck: { Test: ["RUN"] } }, "Unknown healthcheck type 'RUN' (expected 'CMD')"],
  ];
  for (const [config, text] of refused)
    test(`refuses ${JSON.stringify(config)}`, () => {
      expect(() => checkConfig(config)).toThrow(new InvalidArgument(text));
    });
});

describe("checkPort()", () => {
  for (const text of ["80", "80/tcp", "80-90/udp", "1/SCTP"])
    test(`accepts ${text}`, () => {
      checkPort(text);
    });
  for (const text of ["", "http", "90-80", "65536", "80/", "-1"])
    test(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => checkPort(text)).toThrow(InvalidArgument);
    });
});
