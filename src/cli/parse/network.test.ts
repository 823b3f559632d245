import { expect, test } from "bun:test";
import { checkDnsSearch, checkMac, parseExtraHost, parseNetworkFlag } from "./network.ts";

test("parseNetworkFlag() reads a name or fields", () => {
  expect(parseNetworkFlag("n").name).toBe("n");
  expect(parseNetworkFlag("name=n,alias=x,alias=y,ip=1.2.3.4,driver-opt=a=b,gw-priority=5")).toMatchObject({
    name: "n",
    aliases: ["x", "y"],
    ipv4: "1.2.3.4",
    driverOptions: { a: "b" },
    gatewayPriority: 5,
  });
});

for (const [text, message] of [
  ["foo=bar", "invalid field key foo"],
  ["ip=1.2.3.4", "name/id is not specified"],
  ["name=a,b", "invalid field b"],
])
  test(`parseNetworkFlag() refuses ${text}`, () => expect(() => parseNetworkFlag(text!)).toThrow(message!));

test("parseExtraHost() takes both separators, brackets and the host's own address", () => {
  expect(["a:1.2.3.4", "b=::1", "c:host-gateway", "d:[::1]"].map(parseExtraHost)).toEqual([
    "a:1.2.3.4",
    "b:::1",
    "c:host-gateway",
    "d:::1",
  ]);
  expect(() => parseExtraHost("foo")).toThrow('bad format for add-host: "foo"');
  expect(() => parseExtraHost("foo:bar")).toThrow('invalid IP address in add-host: "bar"');
});

test("checkMac() and checkDnsSearch() know good from bad", () => {
  expect(checkMac("92:d0:c6:0a:29:33")).toBe("92:d0:c6:0a:29:33");
  expect(() => checkMac("92:d0")).toThrow("92:d0 is not a valid mac address");
  expect([".", "a.b"].map(checkDnsSearch)).toEqual([".", "a.b"]);
  expect(() => checkDnsSearch("a..b")).toThrow("a..b is not a valid domain");
});
