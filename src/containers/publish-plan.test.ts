import { describe, expect, test } from "bun:test";
import type { PublishedPort } from "#network/types.ts";
import type { HostConfig, PortMap } from "#spec/docker/containers.ts";
import { planPublish } from "./publish-plan.ts";
import type { ContainerRecord } from "./types.ts";

const record = (hostConfig: Partial<HostConfig>) =>
  ({ name: "web", hostConfig: { NetworkMode: "default", ...hostConfig } }) as ContainerRecord;
const port = (hostPort: number, containerPort = 80, hostAddress = "0.0.0.0"): PublishedPort => ({
  protocol: "tcp",
  containerPort,
  hostAddress,
  hostPort,
});

interface Row {
  readonly title: string;
  readonly has: Partial<HostConfig>;
  readonly published?: readonly PublishedPort[];
  readonly add?: PortMap;
  readonly remove?: PortMap;
  readonly bindings: PortMap;
  readonly withdrawn?: readonly number[];
}

const two = { "80/tcp": [{ HostPort: "8080" }, { HostIp: "127.0.0.1", HostPort: "8081" }] };
const bothFamilies = [port(8080), port(8080, 80, "::"), port(8081, 80, "127.0.0.1")];

const ROWS: readonly Row[] = [
  {
    title: "adds to what there is",
    has: { PortBindings: { "80/tcp": [{ HostPort: "8080" }] } },
    add: { "80": [{ HostPort: "8081" }], "53/udp": null },
    bindings: { "80/tcp": [{ HostPort: "8080" }, { HostPort: "8081" }], "53/udp": [{}] },
  },
  {
    title: "withdraws both families of one host port",
    has: { PortBindings: two },
    published: bothFamilies,
    remove: { "80/tcp": [{ HostPort: "8080" }] },
    bindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "8081" }] },
    withdrawn: [8080, 8080],
  },
  {
    title: "withdraws everything of a container port",
    has: { PortBindings: two },
    published: bothFamilies,
    remove: { "80/tcp": [{}] },
    bindings: {},
    withdrawn: [8080, 8080, 8081],
  },
  {
    title: "withdraws by a port that the engine chose",
    has: { PortBindings: { "80/tcp": [{ HostPort: "" }, { HostPort: "9000-9010" }] } },
    published: [port(32768), port(9003)],
    remove: { "80/tcp": [{ HostPort: "9003" }] },
    bindings: { "80/tcp": [{ HostPort: "" }] },
    withdrawn: [9003],
  },
  {
    title: "takes one port out of all",
    has: { PublishAllPorts: true },
    published: [port(32768), port(32769, 81)],
    remove: { "80/tcp": [{}] },
    bindings: { "81/tcp": [{}] },
    withdrawn: [32768],
  },
  {
    title: "changes the wishes of one that does not run",
    has: { PortBindings: two },
    remove: { "80/tcp": [{ HostIp: "127.0.0.1" }] },
    bindings: { "80/tcp": [{ HostPort: "8080" }] },
  },
];

describe("planPublish()", () => {
  for (const { title, has, published, add = {}, remove = {}, bindings, withdrawn = [] } of ROWS)
    test(title, () => {
      const plan = planPublish(record(has), { add, remove }, published);
      expect(plan.hostConfig.PortBindings).toEqual(bindings);
      expect(plan.hostConfig.PublishAllPorts ?? false).toBe(false);
      expect(plan.withdrawn.map(({ hostPort }) => hostPort)).toEqual([...withdrawn]);
    });

  test("names what is not published", () => {
    const ask = (remove: PortMap) => () =>
      planPublish(record({ PortBindings: two }), { add: {}, remove }, []);
    expect(ask({ "81/tcp": [{}] })).toThrow("container web does not publish 81/tcp");
    expect(ask({ "80/tcp": [{ HostIp: "10.0.0.1", HostPort: "8080" }] })).toThrow("on 10.0.0.1:8080");
    expect(ask({ "x/tcp": null })).toThrow('invalid port specification: "x/tcp"');
  });

  test("refuses containers without a network of their own", () => {
    const add = { "80/tcp": [{}] };
    const of = (NetworkMode: string) => () => planPublish(record({ NetworkMode }), { add, remove: {} }, []);
    expect(of("container:x")).toThrow("port publishing and the container type network mode");
    expect(of("host")).toThrow("container web publishes no ports: its network is host");
  });
});
