import { expect, test } from "bun:test";
import type { Service } from "../model/types.ts";
import { project } from "./_testing/projects.ts";
import { refuseTooNew } from "./old-engines.ts";

const ASKED: { key: string; since: string; before: string; service: Partial<Service> }[] = [
  {
    key: "healthcheck.start_interval",
    since: "1.44",
    before: "1.43",
    service: { healthcheck: { start_interval: 1 } },
  },
  {
    key: "networks.mac_address",
    since: "1.44",
    before: "1.43",
    service: { networks: { a: { mac_address: "x" } } },
  },
  {
    key: "volumes.volume.subpath",
    since: "1.45",
    before: "1.44",
    service: { volumes: [{ type: "volume", target: "/a", volume: { subpath: "a" } }] },
  },
  {
    key: "volumes of type image",
    since: "1.48",
    before: "1.47",
    service: { volumes: [{ type: "image", source: "x", target: "/a" }] },
  },
  {
    key: "networks.gw_priority",
    since: "1.48",
    before: "1.47",
    service: { networks: { a: { gw_priority: 1 } } },
  },
  {
    key: "networks.interface_name",
    since: "1.49",
    before: "1.48",
    service: { networks: { a: { interface_name: "x" } } },
  },
];

for (const { key, since, before, service } of ASKED)
  test(`refuseTooNew() refuses ${key} before ${since}`, () => {
    const asking = project({ web: service });
    expect(() => refuseTooNew(asking, before)).toThrow(
      `service "web": ${key} needs an engine with API ${since}, this one has ${before}`,
    );
    expect(() => refuseTooNew(asking, since)).not.toThrow();
  });

test("refuseTooNew() lets old engines have what they know", () => {
  expect(() => refuseTooNew(project({ web: { image: "x", networks: { a: {} } } }), "1.24")).not.toThrow();
});
