import { describe, expect, test } from "bun:test";
import { ContainersLab } from "../../test/fakes/containers-lab.ts";
import { readOwnOptions } from "./own-options.ts";
import { parseProbeTest, probeTestOf } from "./probe-test.ts";

describe("readOwnOptions()", () => {
  test("finds nothing where nothing was asked", () => {
    const nothing = {
      healthTest: undefined,
      onUnhealthy: undefined,
      dependsOn: [],
      debugs: undefined,
      hugepageLimits: [],
    };
    expect(readOwnOptions(undefined, undefined)).toEqual(nothing);
    expect(readOwnOptions({ "run.oci.x": "y" }, { "wharf.on-unhealthy": "stop" })).toEqual(nothing);
  });

  test("reads probes, what to do when they fail, and dependencies", () => {
    const annotations = {
      "wharf.health": "tcp://localhost:6379",
      "wharf.on-unhealthy": "restart",
      "wharf.depends-on": "db:healthy, cache,setup:completed",
      "wharf.hugetlb-limit": "2MB=64m,1g=0",
    };
    expect(readOwnOptions(annotations, {})).toEqual({
      healthTest: ["TCP", "localhost:6379"],
      onUnhealthy: "restart",
      debugs: undefined,
      dependsOn: [
        { container: "db", condition: "healthy" },
        { container: "cache", condition: "started" },
        { container: "setup", condition: "completed" },
      ],
      hugepageLimits: [
        { PageSize: "2MB", Limit: 64 << 20 },
        { PageSize: "1GB", Limit: 0 },
      ],
    });
  });

  test("reads what compose notes of its depends_on", () => {
    const labels = {
      "com.docker.compose.project": "shop",
      "com.docker.compose.depends_on":
        "db:service_healthy:false,setup:service_completed_successfully:false,cache:service_started:true,old",
    };
    expect(readOwnOptions({}, labels).dependsOn).toEqual([
      { project: "shop", service: "db", condition: "healthy" },
      { project: "shop", service: "setup", condition: "completed" },
      { project: "shop", service: "cache", condition: "started" },
      { project: "shop", service: "old", condition: "started" },
    ]);
    expect(
      readOwnOptions({}, { "com.docker.compose.depends_on": "db:service_healthy:false" }).dependsOn,
    ).toEqual([]);
  });

  test.each([
    [{ "wharf.on-unhealty": "stop" }, 'unknown annotation "wharf.on-unhealty"'],
    [{ "wharf.on-unhealthy": "explode" }, "use one of none, restart, stop"],
    [{ "wharf.depends-on": "db:ready" }, 'invalid wharf.depends-on "db:ready"'],
    [{ "wharf.depends-on": "../x" }, 'invalid wharf.depends-on "../x"'],
    [{ "wharf.health": "https://localhost:1/" }, 'invalid health probe "https://localhost:1/"'],
  ])("refuses %p", (annotations, words) => {
    expect(() => readOwnOptions(annotations as unknown as Record<string, string>, {})).toThrow(words);
  });
});

describe("probe tests", () => {
  test.each([
    ["tcp://localhost:6379", { kind: "tcp", address: "127.0.0.1", port: 6379, path: "" }],
    ["tcp://:80", { kind: "tcp", address: "127.0.0.1", port: 80, path: "" }],
    ["tcp://[::1]:53", { kind: "tcp", address: "::1", port: 53, path: "" }],
    ["http://10.0.0.1:8080", { kind: "http", address: "10.0.0.1", port: 8080, path: "/" }],
    ["http://localhost:8080/a?b=c", { kind: "http", address: "127.0.0.1", port: 8080, path: "/a?b=c" }],
  ] as const)("%s", (url, target) => {
    expect(parseProbeTest(probeTestOf(url))).toEqual(target);
  });

  test.each([
    "tcp://localhost",
    "tcp://localhost:0",
    "tcp://localhost:65536",
    "tcp://example.org:80",
    "tcp://localhost:80/path",
    "http://localhost:80/a b",
    "http://localhost:80/a\r\nHost: x",
    "http://user@localhost:80/",
    "unix:///run/x",
    "",
  ])("refuses %p", (url) => {
    expect(() => probeTestOf(url)).toThrow("invalid health probe");
  });
});

test("what an image says is no directive: its labels decide neither order nor what happens to the container", async () => {
  using lab = new ContainersLab();
  const Labels = {
    "com.docker.compose.project": "shop",
    "com.docker.compose.depends_on": "db:service_healthy:false",
    "wharf.on-unhealthy": "restart",
    "wharf.health": "http://169.254.169.254:80/",
    "wharf.debug": "victim",
  };
  const { config } = lab.image.config;
  lab.image = { ...lab.image, config: { ...lab.image.config, config: { ...config, Labels } } };
  await lab.create("victim");
  const made = lab.containers.get(await lab.create("web"));
  expect(made.config.Labels).toEqual(Labels);
  expect([made.dependsOn, made.onUnhealthy, made.debugs, made.config.Healthcheck]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
