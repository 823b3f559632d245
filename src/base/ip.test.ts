import { expect, test } from "bun:test";
import {
  canonicalIp,
  formatPrefix,
  isLoopback,
  parseCidr,
  parseIp,
  prefixContains,
  prefixesOverlap,
  prefixRange,
} from "./ip.ts";

const CANONICAL = [
  { text: "0.0.0.0", canonical: "0.0.0.0" },
  { text: "255.255.255.255", canonical: "255.255.255.255" },
  { text: "::", canonical: "::" },
  { text: "::1", canonical: "::1" },
  { text: "1::", canonical: "1::" },
  { text: "2001:DB8:0:0:1:0:0:1", canonical: "2001:db8::1:0:0:1" },
  { text: "2001:db8:0:1:1:1:1:1", canonical: "2001:db8:0:1:1:1:1:1" },
  { text: "fe80:0:0:0:0:0:0:1", canonical: "fe80::1" },
  { text: "1:0:0:2:0:0:0:3", canonical: "1:0:0:2::3" },
  { text: "::ffff:10.1.2.3", canonical: "::ffff:a01:203" },
  { text: "1:2:3:4:5:6:7::", canonical: "1:2:3:4:5:6:7:0" },
  { text: "10:0:0:0:0:0:0:10", canonical: "10::10" },
];

for (const { text, canonical } of CANONICAL)
  test(`parseIp() reads ${text} and formatIp() writes ${canonical}`, () => {
    expect(canonicalIp(text)).toBe(canonical);
  });

const REFUSED = [
  "",
  "1.2.3",
  "1.2.3.4.5",
  "01.2.3.4",
  "256.1.1.1",
  "1.2.3.4/8",
  ":",
  ":::",
  "1::2::3",
  "1:2:3:4:5:6:7:8:9",
  "1:2:3:4:5:6:7:8::",
  "12345::",
  "g::",
  "fe80::1%eth0",
  "::1.2.3.4.5",
  "1.2.3.4::",
  "::1.2.3.4:5",
];

for (const text of REFUSED)
  test(`parseIp() refuses ${JSON.stringify(text)}`, () => {
    expect(parseIp(text)).toBeUndefined();
  });

test("parseCidr() keeps the address as written beside its prefix", () => {
  const cidr = parseCidr("10.1.2.3/8");
  expect(cidr?.address.value).toBe(0x0a010203n);
  expect(formatPrefix(cidr!.prefix)).toBe("10.0.0.0/8");
});

test("parseCidr() refuses lengths beyond the family's bits and bare addresses", () => {
  for (const text of ["10.0.0.0/33", "::/129", "10.0.0.0", "10.0.0.0/", "10.0.0.0/08", "x/8"])
    expect(parseCidr(text)).toBeUndefined();
});

test("prefixRange() spans the whole prefix, /0 and /128 included", () => {
  expect(prefixRange(parseCidr("0.0.0.0/0")!.prefix)).toEqual({ family: 4, first: 0n, last: 0xffffffffn });
  const one = prefixRange(parseCidr("fd00::5/128")!.prefix);
  expect(one.first).toBe(one.last);
});

test("prefixesOverlap() is true for nested prefixes and false across families and neighbours", () => {
  const prefix = (text: string) => parseCidr(text)!.prefix;
  expect(prefixesOverlap(prefix("10.0.0.0/8"), prefix("10.9.0.0/16"))).toBe(true);
  expect(prefixesOverlap(prefix("10.0.0.0/9"), prefix("10.128.0.0/9"))).toBe(false);
  expect(prefixesOverlap(prefix("0.0.0.0/0"), prefix("::/0"))).toBe(false);
});

test("prefixContains() includes both ends", () => {
  const { prefix } = parseCidr("192.168.4.0/22")!;
  expect(prefixContains(prefix, parseIp("192.168.4.0")!)).toBe(true);
  expect(prefixContains(prefix, parseIp("192.168.7.255")!)).toBe(true);
  expect(prefixContains(prefix, parseIp("192.168.8.0")!)).toBe(false);
});

test("isLoopback() knows both families and IPv4 inside IPv6", () => {
  for (const text of ["127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.53"])
    expect(isLoopback(parseIp(text)!)).toBe(true);
  for (const text of ["128.0.0.1", "::2", "::ffff:10.0.0.1"]) expect(isLoopback(parseIp(text)!)).toBe(false);
});
