import { describe, expect, test } from "bun:test";
import { queryBytes, recordsOf } from "./_query.ts";
import { answerLocally, reverseAddress } from "./answer.ts";
import { encodeName, parseQuery, TYPE } from "./message.ts";
import type { SandboxView, ViewEndpoint } from "./types.ts";
import { Zone } from "./zone.ts";

let made = 0;

function endpoint(names: readonly string[], addresses: readonly string[], parts: Partial<ViewEndpoint> = {}) {
  return { networkId: "n1", networkName: "Back", names, addresses, links: {}, ...parts };
}

function view(...endpoints: ViewEndpoint[]): SandboxView {
  return {
    id: `c${++made}`,
    netnsPath: "/n",
    endpoints,
    fixed: { "host.docker.internal": ["10.9.9.1"] },
    resolvers: [],
  };
}

function world(...views: SandboxView[]) {
  const zone = new Zone();
  for (const one of views) zone.set(one);
  const ask = (asker: SandboxView, name: string, type: number = TYPE.A) => {
    const bytes = queryBytes(name, { type });
    const answer = answerLocally(
      zone,
      asker,
      { bytes, query: parseQuery(bytes)!, maxBytes: 512 },
      () => 0.99,
    );
    return answer && recordsOf(answer);
  };
  return { zone, ask };
}

const web = view(endpoint(["web", "www"], ["10.0.0.2", "fd00::2"]));
const app1 = view(endpoint(["app1", "app"], ["10.0.0.3"]));
const app2 = view(
  endpoint(["app2", "app"], ["10.0.0.4"]),
  endpoint(["app2"], ["10.1.0.4"], { networkId: "n2", networkName: "front" }),
);
const outside = view(endpoint(["out"], ["10.1.0.5"], { networkId: "n2", networkName: "front" }));

describe("answerLocally()", () => {
  const { zone, ask } = world(web, app1, app2, outside);

  test("answers names, aliases and names with the network's", () => {
    for (const name of ["web", "www", "WEB", "web.back"]) expect(ask(app1, name)).toEqual(["10.0.0.2"]);
  });

  test("answers a shared name with all addresses, in an order that changes", () => {
    expect(ask(web, "app")).toEqual(["10.0.0.3", "10.0.0.4"]);
    const orders = new Set<string>();
    const bytes = queryBytes("app");
    for (let i = 0; i < 64; i++) {
      const answer = answerLocally(zone, web, { bytes, query: parseQuery(bytes)!, maxBytes: 512 });
      orders.add(String(recordsOf(answer!)));
    }
    expect(orders.size).toBe(2);
  });

  test("knows each family by itself, and says 'no such record' of others instead of asking the world", () => {
    expect(ask(app1, "web", TYPE.AAAA)).toEqual(["fd000000000000000000000000000002"]);
    expect(ask(web, "app", TYPE.AAAA)).toEqual([]);
    expect(ask(web, "app", 15)).toEqual([]);
  });

  test("shows a container the names of its own networks only", () => {
    expect(ask(outside, "web")).toBeUndefined();
    expect(ask(outside, "app2")).toEqual(["10.1.0.4"]);
    expect(ask(web, "out")).toBeUndefined();
  });

  test("answers addresses with names, of its own networks only", () => {
    expect(ask(app1, "2.0.0.10.in-addr.arpa", TYPE.PTR)).toEqual([
      Buffer.from(encodeName("web.Back")).toString("hex"),
    ]);
    expect(ask(outside, "2.0.0.10.in-addr.arpa", TYPE.PTR)).toBeUndefined();
    expect(ask(web, "x.in-addr.arpa", TYPE.PTR)).toBeUndefined();
  });

  test("names the host everywhere", () => expect(ask(outside, "host.docker.internal")).toEqual(["10.9.9.1"]));

  test("follows links for the container that has them, and leaves names like 'constructor' alone", () => {
    const linked = view(endpoint(["l"], ["10.0.0.9"], { links: { store: "web" } }));
    zone.set(linked);
    expect(ask(linked, "store")).toEqual(["10.0.0.2"]);
    expect(ask(app1, "store")).toBeUndefined();
    expect(ask(linked, "constructor")).toBeUndefined();
  });
});

test("Zone forgets a container's names, and only its own", () => {
  const { zone, ask } = world(web, app1, app2);
  zone.delete(app1.id);
  expect(ask(web, "app")).toEqual(["10.0.0.4"]);
  expect(ask(web, "app1")).toBeUndefined();
  zone.set({ ...app2, endpoints: [endpoint(["renamed"], ["10.0.0.4"])] });
  expect(ask(web, "app2")).toBeUndefined();
  expect(ask(web, "renamed")).toEqual(["10.0.0.4"]);
});

test("reverseAddress() reads both families", () => {
  expect(reverseAddress("2.0.17.172.in-addr.arpa")).toBe("172.17.0.2");
  const nibbles = "fd000000000000000000000000000002".split("").reverse().join(".");
  expect(reverseAddress(`${nibbles}.ip6.arpa`)).toBe("fd00::2");
  expect(reverseAddress("2.0.17.172.example")).toBeUndefined();
  expect(reverseAddress("a.ip6.arpa")).toBeUndefined();
});
