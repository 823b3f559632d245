import { expect, test } from "bun:test";
import type { PortWish } from "../plan/ports.ts";
import type { PublishedPort } from "../types.ts";
import { HostPortAllocator } from "./allocator.ts";

function wish(parts: Partial<PortWish> & { host?: number }): PortWish {
  const { host, ...rest } = parts;
  return {
    protocol: "tcp",
    containerPort: 80,
    hostAddresses: ["0.0.0.0"],
    exposedBy: [],
    hostPorts: host === undefined ? undefined : { first: host, last: host },
    ...rest,
  };
}

function host(range = { first: 40000, last: 40003 }) {
  const held: string[] = [];
  const refused = new Map<string, string>();
  const text = (port: PublishedPort) => `${port.hostAddress}:${port.hostPort}/${port.protocol}`;
  const hold = (ports: readonly PublishedPort[]): Disposable => {
    const reason = ports.map((port) => refused.get(text(port))).find((one) => one !== undefined);
    if (reason) throw new Error(reason);
    held.push(...ports.map(text));
    return {
      [Symbol.dispose]() {
        for (const port of ports) held.splice(held.indexOf(text(port)), 1);
      },
    };
  };
  const allocator = new HostPortAllocator({ ephemeralRange: () => range });
  const claim = (...wishes: PortWish[]) => allocator.claim(wishes, hold);
  return {
    held,
    refused,
    hold,
    allocator,
    claim,
    hostPorts: (...wishes: PortWish[]) => claim(...wishes).ports.map((port) => port.hostPort),
  };
}

test("claim() holds a fixed port at all addresses of the wish", () => {
  const { claim, held } = host();
  const { ports } = claim(wish({ host: 8080, hostAddresses: ["0.0.0.0", "::"] }));
  expect(ports.map(({ hostAddress, hostPort }) => [hostAddress, hostPort])).toEqual([
    ["0.0.0.0", 8080],
    ["::", 8080],
  ]);
  expect(held).toEqual(["0.0.0.0:8080/tcp", ":::8080/tcp"]);
});

const CLASHES = [
  { first: "0.0.0.0", second: "0.0.0.0", text: "Bind for 0.0.0.0:8080 failed: port is already allocated" },
  {
    first: "0.0.0.0",
    second: "127.0.0.1",
    text: "Bind for 127.0.0.1:8080 failed: port is already allocated",
  },
  { first: "10.0.0.1", second: "0.0.0.0", text: "Bind for 0.0.0.0:8080 failed: port is already allocated" },
  { first: "::", second: "::1", text: "Bind for [::1]:8080 failed: port is already allocated" },
];

for (const { first, second, text } of CLASHES)
  test(`claim() refuses ${second} beside ${first}`, () => {
    const { claim } = host();
    claim(wish({ host: 8080, hostAddresses: [first] }));
    expect(() => claim(wish({ host: 8080, hostAddresses: [second] }))).toThrow(text);
  });

test("claim() lets different addresses, families and protocols share a port", () => {
  const { claim, held } = host();
  claim(wish({ host: 53, hostAddresses: ["10.0.0.1"] }));
  claim(wish({ host: 53, hostAddresses: ["10.0.0.2", "::"] }));
  claim(wish({ host: 53, hostAddresses: ["10.0.0.1"], protocol: "udp" }));
  expect(held).toHaveLength(4);
});

test("claim() passes on why a port cannot be held", () => {
  const { claim, refused } = host();
  refused.set("0.0.0.0:8080/tcp", "address already in use");
  expect(() => claim(wish({ host: 8080 }))).toThrow("address already in use");
});

test("claim() gives back everything when one wish fails", () => {
  const { claim, held, refused } = host();
  refused.set(":::81/tcp", "EADDRINUSE");
  expect(() => claim(wish({ host: 80 }), wish({ host: 81, hostAddresses: ["0.0.0.0", "::"] }))).toThrow();
  expect(held).toEqual([]);
  claim(wish({ host: 80 }));
});

test("claim() refuses the same port twice in one request", () => {
  const { claim, held } = host();
  expect(() => claim(wish({ host: 80 }), wish({ host: 80, containerPort: 81 }))).toThrow("already allocated");
  expect(held).toEqual([]);
});

test("claim() takes the first free port of a range", () => {
  const { claim, refused, hostPorts } = host();
  refused.set("0.0.0.0:8001/tcp", "EADDRINUSE");
  claim(wish({ host: 8000 }));
  expect(hostPorts(wish({ hostPorts: { first: 8000, last: 8010 } }))).toEqual([8002]);
});

test("claim() gives the last reason when a range is full", () => {
  const { claim } = host();
  claim(wish({ host: 8000 }), wish({ host: 8001 }));
  expect(() => claim(wish({ hostPorts: { first: 8000, last: 8001 } }))).toThrow(
    "Bind for 0.0.0.0:8001 failed: port is already allocated",
  );
});

test("claim() gives random ports from the ephemeral range, later ones first, and wraps around", () => {
  const { claim, hostPorts } = host();
  const first = claim(wish({}), wish({}));
  expect(first.ports.map((port) => port.hostPort)).toEqual([40000, 40001]);
  first[Symbol.dispose]();
  expect(hostPorts(wish({}), wish({}), wish({}))).toEqual([40002, 40003, 40000]);
});

test("disposing a claim lets go of its ports", () => {
  const { claim, held } = host();
  claim(wish({ host: 80, hostAddresses: ["0.0.0.0", "::"] }))[Symbol.dispose]();
  expect(held).toEqual([]);
  claim(wish({ host: 80 }));
});

test("reclaim() keeps a port that cannot be held now out of others' reach, and tells", () => {
  const { allocator, hold, claim, refused } = host();
  refused.set("0.0.0.0:80/tcp", "taken");
  const port: PublishedPort = { protocol: "tcp", containerPort: 80, hostAddress: "0.0.0.0", hostPort: 80 };
  const failed: string[] = [];
  const again = allocator.reclaim([port], hold, (error) => failed.push(String(error)));
  expect(failed).toEqual(["Error: taken"]);
  expect(() => claim(wish({ host: 80 }))).toThrow("port is already allocated");
  again[Symbol.dispose]();
  refused.clear();
  claim(wish({ host: 80 }));
});
