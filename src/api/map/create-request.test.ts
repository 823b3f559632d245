import { describe, expect, test } from "bun:test";
import type { ContainerCreateRequest } from "#spec/docker/containers.ts";
import { adjustCreateRequest } from "./create-request.ts";

const adjust = (body: ContainerCreateRequest, version: string, cgroup: 1 | 2 = 2) =>
  adjustCreateRequest(body, version, cgroup);

describe("adjustCreateRequest()", () => {
  test("leaves a request of the newest version as it is", () => {
    const body: ContainerCreateRequest = {
      Image: "a",
      Healthcheck: { Test: ["CMD", "x"], StartInterval: 5 },
      HostConfig: {
        ConsoleSize: [24, 80],
        Annotations: { a: "b" },
        Mounts: [
          { Type: "bind", Source: "/a", Target: "/b", ReadOnly: true, BindOptions: { NonRecursive: true } },
        ],
        PortBindings: { "80/tcp": [{ HostPort: "8080" }] },
      },
      NetworkingConfig: {
        EndpointsConfig: { a: { GwPriority: 1, MacAddress: "02:00:00:00:00:01" }, b: null },
      },
    };
    expect(adjust(body, "1.55")).toEqual({ body, warnings: [] });
  });

  test("takes newer fields out of older requests", () => {
    const { body } = adjust(
      {
        Image: "a",
        Healthcheck: { StartInterval: 5, Retries: 1 },
        HostConfig: {
          ConsoleSize: [24, 80],
          Annotations: { a: "b" },
          Mounts: [{ Type: "bind", BindOptions: { NonRecursive: true, CreateMountpoint: true } }],
        },
        NetworkingConfig: { EndpointsConfig: { a: { GwPriority: 1, MacAddress: "02:00:00:00:00:01" } } },
      },
      "1.39",
    );
    expect(body).toEqual({
      Image: "a",
      Healthcheck: { Retries: 1 },
      HostConfig: { IpcMode: "shareable", Mounts: [{ Type: "bind", BindOptions: {} }] },
      NetworkingConfig: { EndpointsConfig: { a: {} } },
    });
  });

  test("gives old requests the host's cgroup namespace, on cgroup v1 only", () => {
    expect(adjust({}, "1.40", 1).body.HostConfig?.CgroupnsMode).toBe("host");
    expect(adjust({}, "1.40", 2).body.HostConfig?.CgroupnsMode).toBeUndefined();
    expect(adjust({}, "1.41", 1).body.HostConfig?.CgroupnsMode).toBeUndefined();
  });

  test("keeps read-only binds of old requests as they were: the top mount only", () => {
    const mount = { Type: "bind", ReadOnly: true } as const;
    expect(adjust({ HostConfig: { Mounts: [mount] } }, "1.43").body.HostConfig?.Mounts).toEqual([
      { ...mount, BindOptions: { ReadOnlyNonRecursive: true } },
    ]);
  });

  test("drops options of another mount type before 1.42 and refuses them from then on", () => {
    const body: ContainerCreateRequest = { HostConfig: { Mounts: [{ Type: "bind", VolumeOptions: {} }] } };
    expect(adjust(body, "1.41").body.HostConfig?.Mounts).toEqual([{ Type: "bind", BindOptions: {} }]);
    expect(() => adjust(body, "1.42")).toThrow(
      'invalid mount config for type "bind": field VolumeOptions must not be specified',
    );
  });

  test("moves the container's hardware address to its main network", () => {
    const mac = "02:00:00:00:00:01";
    const request = { MacAddress: mac, HostConfig: { NetworkMode: "front" } };
    expect(adjust(request, "1.43")).toEqual({
      body: {
        HostConfig: { NetworkMode: "front" },
        NetworkingConfig: { EndpointsConfig: { front: { MacAddress: mac } } },
      },
      warnings: [],
    });
    expect(adjust(request, "1.44").warnings).toHaveLength(1);
    expect(adjust(request, "1.52").body).toEqual({ HostConfig: { NetworkMode: "front" } });
    const other = { EndpointsConfig: { front: { MacAddress: "02:00:00:00:00:02" } } };
    expect(() => adjust({ ...request, NetworkingConfig: other }, "1.44")).toThrow("must match");
    expect(() => adjust({ MacAddress: mac, HostConfig: { NetworkMode: "host" } }, "1.44")).toThrow(
      "conflicting",
    );
  });

  test("chooses a host side for ports that were published without one", () => {
    const { body, warnings } = adjust(
      { HostConfig: { PortBindings: { "80/tcp": [], "81/tcp": null } } },
      "1.52",
    );
    expect(body.HostConfig?.PortBindings).toEqual({ "80/tcp": [{}], "81/tcp": [{}] });
    expect(warnings).toHaveLength(2);
  });

  const refused: { what: string; body: ContainerCreateRequest; version: string; message: string }[] = [
    {
      what: "several networks before 1.44",
      body: { NetworkingConfig: { EndpointsConfig: { a: {}, b: {} } } },
      version: "1.43",
      message: "Container cannot be connected to network endpoints: a, b",
    },
    {
      what: "image mounts before 1.48",
      body: { HostConfig: { Mounts: [{ Type: "image" }] } },
      version: "1.47",
      message: "API v1.48",
    },
    {
      what: "volume subpaths before 1.45",
      body: { HostConfig: { Mounts: [{ Type: "volume", VolumeOptions: { Subpath: "a" } }] } },
      version: "1.44",
      message: "API v1.45",
    },
    {
      what: "capabilities of 1.40",
      body: { HostConfig: { Capabilities: ["CHOWN"] } as object },
      version: "1.40",
      message: "use CapAdd and CapDrop",
    },
  ];
  for (const { what, body, version, message } of refused)
    test(`refuses ${what}`, () => expect(() => adjust(body, version)).toThrow(message));
});
