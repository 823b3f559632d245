import { describe, expect, test } from "bun:test";
import { sandboxRequest } from "./sandbox-request.ts";
import type { ContainerRecord } from "./types.ts";

const record = (change: object) =>
  ({
    id: "4f3e",
    name: "web",
    config: { Hostname: "h", ExposedPorts: { "80/tcp": {} } },
    hostConfig: {
      NetworkMode: "blue",
      PortBindings: { "80/tcp": [{ HostPort: "8080" }] },
      PublishAllPorts: true,
    },
    endpoints: { red: { Aliases: ["r"] }, blue: {} },
    ...change,
  }) as unknown as ContainerRecord;

describe("sandboxRequest()", () => {
  test("names the network of the mode first, and the ports", () => {
    expect(sandboxRequest(record({}))).toEqual({
      containerId: "4f3e",
      containerName: "web",
      hostname: "h",
      endpoints: [
        { network: "blue", settings: {} },
        { network: "red", settings: { Aliases: ["r"] } },
      ],
      portBindings: { "80/tcp": [{ HostPort: "8080" }] },
      publishAll: ["80/tcp"],
      sysctls: {},
      dns: [],
      links: [],
      exposed: ["80/tcp"],
    });
  });

  test("publishes nothing from the host's network", () => {
    const hostConfig = { NetworkMode: "host", PortBindings: { "80/tcp": [] }, PublishAllPorts: true };
    expect(sandboxRequest(record({ hostConfig, endpoints: { host: {} } }))).toMatchObject({
      endpoints: [{ network: "host" }],
      portBindings: {},
      publishAll: [],
    });
  });

  test("joins nothing when networking is disabled", () => {
    expect(sandboxRequest(record({ config: { NetworkDisabled: true } })).endpoints).toEqual([]);
  });
});
