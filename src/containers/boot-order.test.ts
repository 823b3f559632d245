import { describe, expect, test } from "bun:test";
import { planBoot } from "./boot-order.ts";
import type { ContainerRecord, Dependency } from "./types.ts";

interface Sketch {
  readonly joins?: string;
  readonly links?: string[];
  readonly dependsOn?: Dependency[];
  readonly service?: string;
}

function record(id: string, { joins, links, dependsOn, service }: Sketch = {}): ContainerRecord {
  const labels = service
    ? { "com.docker.compose.project": "shop", "com.docker.compose.service": service }
    : {};
  return {
    id,
    name: `the-${id}`,
    config: { Labels: labels },
    hostConfig: {
      ...(joins ? { NetworkMode: `container:${joins}` } : {}),
      ...(links ? { Links: links } : {}),
    },
    dependsOn,
  } as unknown as ContainerRecord;
}

const waits = (records: ContainerRecord[], wanted = records) =>
  planBoot(wanted, records).map(({ id, waitsFor }) => [
    id,
    ...waitsFor.map(({ id: other, condition }) => `${other} ${condition}`),
  ]);

describe("planBoot()", () => {
  test("puts those first whose network is joined or that are linked to", () => {
    const records = [record("a", { joins: "b" }), record("b", { links: ["the-c:db"] }), record("c")];
    expect(waits(records)).toEqual([["c"], ["b", "c started"], ["a", "b started"]]);
  });

  test("keeps what waits and what is waited for apart, whichever comes first", () => {
    const records = [record("b"), record("a", { joins: "b" })];
    expect(waits(records)).toEqual([["b"], ["a", "b started"]]);
  });

  test("waits for what a container says it depends on, by name and by service", () => {
    const records = [
      record("web", {
        dependsOn: [
          { container: "the-db", condition: "healthy" },
          { project: "shop", service: "cache", condition: "started" },
          { project: "other", service: "cache", condition: "started" },
        ],
      }),
      record("db"),
      record("c1", { service: "cache" }),
      record("c2", { service: "cache" }),
    ];
    expect(waits(records)).toEqual([
      ["db"],
      ["c1"],
      ["c2"],
      ["web", "db healthy", "c1 started", "c2 started"],
    ]);
  });

  test("does not wait for the start of what nobody starts, but for its health and its end", () => {
    const dependsOn: Dependency[] = [
      { container: "the-x", condition: "started" },
      { container: "the-y", condition: "healthy" },
      { container: "the-z", condition: "completed" },
      { container: "nowhere", condition: "healthy" },
    ];
    const web = record("web", { dependsOn });
    expect(waits([web, record("x"), record("y"), record("z")], [web])).toEqual([
      ["web", "y healthy", "z completed"],
    ]);
  });

  test("cuts circles, also a container's own", () => {
    const records = [
      record("a", { dependsOn: [{ container: "the-b", condition: "healthy" }] }),
      record("b", { dependsOn: [{ container: "the-a", condition: "healthy" }] }),
      record("c", { dependsOn: [{ container: "the-c", condition: "started" }] }),
    ];
    expect(waits(records)).toEqual([["b"], ["a", "b healthy"], ["c"]]);
  });
});
