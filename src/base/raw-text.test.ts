import { expect, test } from "bun:test";
import { decodeRaw, encodeRaw } from "./raw-text.ts";

const cases: { name: string; bytes: number[]; text: string }[] = [
  { name: "ASCII", bytes: [0x61, 0x2f, 0x62], text: "a/b" },
  { name: "UTF-8", bytes: [...Buffer.from("ä€😀\ufffd")], text: "ä€😀\ufffd" },
  { name: "a byte order mark", bytes: [0xef, 0xbb, 0xbf, 0xff], text: "\ufeff\udcff" },
  { name: "Latin-1", bytes: [0x63, 0xe4, 0x64], text: "c\udce4d" },
  { name: "a cut sequence", bytes: [0xe2, 0x82], text: "\udce2\udc82" },
  { name: "an encoded surrogate", bytes: [0xed, 0xb2, 0x80], text: "\udced\udcb2\udc80" },
];

test.each(cases)("decodeRaw() and encodeRaw() are opposites for $name", ({ bytes, text }) => {
  expect(decodeRaw(Uint8Array.from(bytes))).toBe(text);
  expect([...encodeRaw(text)]).toEqual(bytes);
});
