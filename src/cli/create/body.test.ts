import { describe, expect, test } from "bun:test";
import { parseFlags } from "../flags.ts";
import { planCreate } from "./body.ts";
import { CONTAINER_FLAGS } from "./flags.ts";

const facts = {
  env: { HOME: "/root" },
  cwd: "/here",
  proxyEnv: { HTTP_PROXY: "http://p", http_proxy: "http://p" },
  readFile: (path: string) =>
    ({ "/env": "A=1\nHOME\n", "/labels": "l=1\n", "/profile": '{ "x": [] }' })[path] ?? fail(path),
  apiSocket: "/run/wharf/wharf.sock",
};

function fail(path: string): never {
  throw new Error(`open ${path}: no such file or directory`);
}

function plan(...args: string[]) {
  const { values, given, rest } = parseFlags([...args, "image", "cmd", "-x"], CONTAINER_FLAGS, {
    interspersed: false,
  });
  const [image, ...command] = rest;
  return planCreate({ image: image!, command, flags: values, given, facts });
}

describe("planCreate()", () => {
  test("planCreate() passes image and command on and attaches output", () => {
    expect(plan()).toMatchObject({
      Image: "image",
      Cmd: ["cmd", "-x"],
      AttachStdin: false,
      AttachStdout: true,
      AttachStderr: true,
      HostConfig: { NetworkMode: "default", RestartPolicy: { Name: "no" }, AutoRemove: false },
    });
  });

  test("planCreate() opens stdin once for -i, and attaches only what -a names", () => {
    expect(plan("-i")).toMatchObject({ OpenStdin: true, AttachStdin: true, StdinOnce: true });
    expect(plan("-a", "STDERR")).toMatchObject({ AttachStdout: false, AttachStderr: true });
  });

  test("planCreate() takes variables from files, flags and proxies, the last only when unset", () => {
    expect(plan("--env-file", "/env", "-e", "B=2", "-e", "http_proxy=own").Env).toEqual([
      "A=1",
      "HOME=/root",
      "B=2",
      "http_proxy=own",
      "HTTP_PROXY=http://p",
    ]);
  });

  test("planCreate() publishes ports and exposes them", () => {
    const body = plan("-p", "8080:80", "--expose", "90");
    expect(body.ExposedPorts).toEqual({ "80/tcp": {}, "90/tcp": {} });
    expect(body.HostConfig?.PortBindings).toEqual({ "80/tcp": [{ HostIp: "", HostPort: "8080" }] });
  });

  test("planCreate() sends settings that were not given only when zero means something else", () => {
    expect(plan().HostConfig).not.toHaveProperty("OomKillDisable");
    expect(plan("--oom-kill-disable=false", "--pids-limit", "0", "--init=false").HostConfig).toMatchObject({
      OomKillDisable: false,
      PidsLimit: 0,
      Init: false,
    });
    expect(plan("--stop-timeout", "0").StopTimeout).toBe(0);
    expect(plan("--entrypoint", "").Entrypoint).toEqual([""]);
  });

  test("planCreate() configures endpoints of user-defined networks", () => {
    const { HostConfig, NetworkingConfig } = plan(
      "--network",
      "n",
      "--ip",
      "10.0.0.5",
      "--network-alias",
      "x",
      "--link",
      "a:b",
    );
    expect(HostConfig?.NetworkMode).toBe("n");
    expect(NetworkingConfig?.EndpointsConfig).toEqual({
      n: {
        IPAMConfig: { IPv4Address: "10.0.0.5", IPv6Address: "", LinkLocalIPs: [] },
        Links: ["a:b"],
        Aliases: ["x"],
      },
    });
    expect(plan("--network", "host").NetworkingConfig?.EndpointsConfig).toEqual({});
  });

  test("planCreate() sends seccomp profiles as text and unmasks paths by a setting of its own", () => {
    const options = ["--security-opt", "seccomp=/profile", "--security-opt", "systempaths=unconfined"];
    expect(plan(...options, "--security-opt", "no-new-privileges").HostConfig).toMatchObject({
      SecurityOpt: ['seccomp={"x":[]}', "no-new-privileges"],
      MaskedPaths: [],
      ReadonlyPaths: [],
    });
  });

  test("planCreate() mounts the engine's socket when asked", () => {
    expect(plan("--use-api-socket").HostConfig?.Mounts).toEqual([
      { Type: "bind", Source: "/run/wharf/wharf.sock", Target: "/var/run/docker.sock" },
    ]);
  });

  const conflicts: [args: string[], message: string][] = [
    [["--rm", "--restart", "always"], "conflicting options: cannot specify both --restart and --rm"],
    [["--no-healthcheck", "--health-cmd", "x"], "--no-healthcheck conflicts with --health-* options"],
    [["--health-cmd", "x", "--health-interval", "-1s"], "--health-interval cannot be negative"],
    [["--memory-swappiness", "200"], "Valid memory swappiness range is 0-100"],
    [["--pull", "foo"], "invalid pull option: 'foo'"],
    [["--log-driver", "none", "--log-opt", "a=b"], "invalid logging opts for driver none"],
    [["--pid", "foo"], "--pid: invalid PID mode"],
    [
      ["--network", "host", "--network", "n"],
      "cannot attach both user-defined and non-user-defined network-modes",
    ],
    [["--network", "n", "--network", "n"], 'network "n" is specified multiple times'],
    [["--network-alias", "x"], "network-scoped aliases are only supported for user-defined networks"],
    [
      ["--network", "name=n,ip=1.1.1.1", "--ip", "1.2.3.4"],
      "cannot specify both --ip and per-network IPv4 address",
    ],
    [["--mac-address", "foo"], "foo is not a valid mac address"],
    [["--security-opt", "foo"], 'Invalid --security-opt: "foo"'],
    [
      ["--security-opt", "seccomp=/nope"],
      "opening seccomp profile (/nope) failed: open /nope: no such file or directory",
    ],
    [["--env-file", "/nope"], "open /nope: no such file or directory"],
  ];
  for (const [args, message] of conflicts)
    test(`planCreate() refuses ${args.join(" ")}`, () => expect(() => plan(...args)).toThrow(message));
});
