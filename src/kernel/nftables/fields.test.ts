import { expect, test } from "bun:test";
import type { FirewallField } from "../types.ts";
import { describeFields, encodeFields } from "./fields.ts";

const cases: { readonly fields: FirewallField[]; readonly hex: string }[] = [
  { fields: [{ kind: "port", value: 8080 }], hex: "1f90" },
  { fields: [{ kind: "protocol", value: "sctp" }], hex: "84" },
  { fields: [{ kind: "mark", value: 0x40000001 }], hex: "01000040" },
  { fields: [{ kind: "ifname", value: "br0" }], hex: `627230${"00".repeat(13)}` },
  {
    fields: [
      { kind: "protocol", value: "tcp" },
      { kind: "port", value: 80 },
    ],
    hex: "0600000000500000",
  },
  {
    fields: [
      { kind: "ipv4", value: "10.0.0.1" },
      { kind: "protocol", value: "udp" },
      { kind: "port", value: 53 },
    ],
    hex: "0a0000011100000000350000",
  },
  {
    fields: [
      { kind: "ipv6", value: "fd00::1" },
      { kind: "mark", value: 1 },
    ],
    hex: `fd00${"00".repeat(13)}0101000000`,
  },
];

test.each(cases)("encodeFields() gives $hex", ({ fields, hex }) => {
  expect(Buffer.from(encodeFields(fields)).toString("hex")).toBe(hex);
});

test("encodeFields() refuses what does not fit its kind", () => {
  expect(() => encodeFields([{ kind: "ipv4", value: "::1" }])).toThrow("not an IPv4 address");
  expect(() => encodeFields([{ kind: "ifname", value: "sixteen-bytes-xx" }])).toThrow("too long");
});

test("describeFields() reads as nft prints", () => {
  expect(describeFields(cases[5]!.fields)).toBe("10.0.0.1 . udp . 53");
});
