import { describe, expect, test } from "bun:test";
import { ipBytes, ipText, prefixBytes } from "./ip-bytes.ts";

describe("ipBytes() and ipText()", () => {
  test.each([
    { text: "10.1.2.255", hex: "0a0102ff" },
    { text: "0.0.0.0", hex: "00000000" },
    { text: "::", hex: "00".repeat(16) },
    { text: "::1", hex: `${"00".repeat(15)}01` },
    { text: "2001:db8::1:0:0:1", hex: "20010db8000000000001000000000001" },
  ])("know $text", ({ text, hex }) => {
    expect(Buffer.from(ipBytes(text)).toString("hex")).toBe(hex);
    expect(ipText(Buffer.from(hex, "hex"))).toBe(text);
  });

  test("refuse what is no address", () => {
    expect(() => ipBytes("host")).toThrow("not an IP address: host");
  });
});

test("prefixBytes() gives the lowest address of a network", () => {
  expect(prefixBytes("10.2.3.4/16")).toEqual({ bytes: Buffer.from([10, 2, 0, 0]), prefixLength: 16 });
  expect(prefixBytes("::/0").prefixLength).toBe(0);
  expect(() => prefixBytes("10.2.0.0")).toThrow("CIDR");
});
