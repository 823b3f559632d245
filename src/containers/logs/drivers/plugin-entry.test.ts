import { expect, test } from "bun:test";
import { encodeEntry } from "./plugin-entry.ts";

test("encodeEntry() writes what log plugins read", () => {
  const line = { stream: "stdout", nanos: 1_700_000_000_000_000_001n, text: Buffer.from("hi") } as const;
  expect(encodeEntry({ ...line, partial: undefined }).toString("hex")).toBe(
    `${"00000016"}${"0a06"}${Buffer.from("stdout").toString("hex")}${"108180a8b1e39fe7cb17"}${"1a026869"}`,
  );
});

test("encodeEntry() tells of parts, and leaves out what is zero", () => {
  const partial = { id: "ab", ordinal: 2, last: false };
  const bytes = encodeEntry({ stream: "stderr", nanos: 0n, text: Buffer.alloc(0), partial });
  expect(bytes.toString("hex")).toBe(
    `${"00000012"}${"0a06"}${Buffer.from("stderr").toString("hex")}${"2001"}${"2a06"}${"12026162"}${"1802"}`,
  );
  expect(encodeEntry({ stream: "stderr", nanos: 0n, text: Buffer.alloc(300), partial: undefined })[13]).toBe(
    0xac,
  );
});
