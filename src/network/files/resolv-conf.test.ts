import { expect, test } from "bun:test";
import { isStub, type ResolvConfText, resolvConfText } from "./resolv-conf.ts";

const HOST = `# by hand
domain old.example
search corp.example lab.example
nameserver 127.0.0.53
nameserver 10.0.0.53 # office
nameserver fd00::53
options edns0 trust-ad
sortlist 10.0.0.0
`;

function lines(parts: Partial<ResolvConfText>): string[] {
  const request = {
    host: HOST,
    isHostNetwork: false,
    hasIPv6: false,
    hasNames: false,
    dns: [],
    search: [],
    options: [],
    ...parts,
  };
  return resolvConfText(request).trimEnd().split("\n").slice(1);
}

test("resolvConfText() drops resolvers a container cannot reach and keeps the rest", () => {
  expect(lines({})).toEqual([
    "nameserver 10.0.0.53",
    "search corp.example lab.example",
    "options edns0 trust-ad",
    "sortlist 10.0.0.0",
  ]);
});

test("resolvConfText() keeps IPv6 resolvers for a network with IPv6", () => {
  expect(lines({ hasIPv6: true }).slice(0, 2)).toEqual(["nameserver 10.0.0.53", "nameserver fd00::53"]);
});

test("resolvConfText() keeps loopback resolvers in the host's network", () => {
  expect(lines({ isHostNetwork: true })[0]).toBe("nameserver 127.0.0.53");
});

test("resolvConfText() falls back to public resolvers only when nothing is left", () => {
  expect(lines({ host: "nameserver 127.0.0.53\nnameserver ::1\n" })).toEqual([
    "nameserver 8.8.8.8",
    "nameserver 8.8.4.4",
  ]);
  expect(lines({ host: "", hasIPv6: true })).toHaveLength(4);
});

test("resolvConfText() takes what the user asked for, each kind by itself", () => {
  expect(lines({ dns: ["127.0.0.9"], search: ["a", "b"], options: ["ndots:2"] })).toEqual([
    "nameserver 127.0.0.9",
    "search a b",
    "options ndots:2",
    "sortlist 10.0.0.0",
  ]);
});

test("resolvConfText() has no search list when the user asks for the root alone", () => {
  expect(lines({ search: ["."] }).some((line) => line.startsWith("search"))).toBe(false);
});

test("isStub() is true when only local resolvers are named", () => {
  expect(isStub("nameserver 127.0.0.53\noptions edns0\n")).toBe(true);
  expect(isStub(HOST)).toBe(false);
  expect(isStub("")).toBe(false);
});
