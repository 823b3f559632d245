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
      Buffer.from(encodeName("web.Back")!).toString("hex"),
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

describe("answerLocally() of services", () => {
  const served = (name: string, address: string, services: string[]) =>
    view(endpoint([name, "pool"], [address], { services }));
  const one = served("one", "10.0.0.6", ["80/tcp", "9000/tcp"]);
  const two = served("two", "10.0.0.7", ["80/tcp", "53/udp"]);
  const { ask } = world(one, two, outside);
  const record = (port: number, server: string) =>
    Buffer.concat([Uint8Array.of(0, 0, 0, 0, port >> 8, port & 0xff), encodeName(server)!]).toString("hex");

  test("names who serves a port, by its number and by its name", () => {
    expect(ask(one, "_http._tcp.one", TYPE.SRV)).toEqual([record(80, "one.Back")]);
    expect(ask(one, "_9000._tcp.one.back", TYPE.SRV)).toEqual([record(9000, "one.Back")]);
    expect(ask(two, "_80._tcp.pool", TYPE.SRV)!.sort()).toEqual([
      record(80, "one.Back"),
      record(80, "two.Back"),
    ]);
    expect(ask(two, "_domain._udp.pool", TYPE.SRV)).toEqual([record(53, "two.Back")]);
  });

  test("leaves out a name that DNS does not take", () => {
    const long = served("x".repeat(64), "10.0.0.8", ["80/tcp"]);
    const { ask } = world(long);
    expect(ask(long, "_http._tcp.pool", TYPE.SRV)).toEqual([]);
    expect(ask(long, "8.0.0.10.in-addr.arpa", TYPE.PTR)).toEqual([]);
  });

  test("has none for ports that nobody serves, and leaves other names to resolvers", () => {
    expect(ask(one, "_81._tcp.one", TYPE.SRV)).toEqual([]);
    expect(ask(one, "_nonesuch._tcp.one", TYPE.SRV)).toBeUndefined();
    expect(ask(one, "_http._tcp.elsewhere", TYPE.SRV)).toBeUndefined();
    expect(ask(outside, "_http._tcp.one", TYPE.SRV)).toBeUndefined();
    expect(ask(one, "_http._tcp.one", TYPE.A)).toBeUndefined();
    expect(ask(one, "one", TYPE.SRV)).toEqual([]);
  });
});
