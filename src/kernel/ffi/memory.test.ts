import { CString, type Pointer } from "bun:ffi";
import { describe, expect, test } from "bun:test";
import { CallMemory } from "./memory.ts";

describe("CallMemory", () => {
  test("text() ends strings and bytes with a NUL", () => {
    const memory = new CallMemory();
    expect(stringAt(memory.text("häuser/ünïcode"))).toBe("häuser/ünïcode");
    expect(stringAt(memory.text(Buffer.from("bytes")))).toBe("bytes");
    expect(stringAt(memory.text(""))).toBe("");
  });

  test("text() refuses a NUL inside, which would cut the name short", () => {
    const memory = new CallMemory();
    expect(() => memory.text("a\0b")).toThrow("EINVAL");
    expect(() => memory.text(Buffer.from("a\0b"))).toThrow("EINVAL");
  });

  test("what was written outlives many later items, across the ring's end", () => {
    const memory = new CallMemory();
    for (let round = 0; round < 40; round++) {
      const first = memory.text(`round ${round}`);
      for (let item = 0; item < 30; item++) memory.text("x".repeat(4000));
      expect(stringAt(first)).toBe(`round ${round}`);
    }
  });

  test("reserve() gives zeroed bytes aligned to eight, whatever was there before", () => {
    const memory = new CallMemory();
    for (let round = 0; round < 20; round++) {
      memory.copy(new Uint8Array(60_001).fill(0xff));
      const offset = memory.reserve(60_000);
      expect(offset % 8).toBe(0);
      expect(memory.bytes(offset, 60_000).every((byte) => byte === 0)).toBe(true);
    }
  });

  test("an item larger than the ring can keep safe is refused", () => {
    expect(() => new CallMemory().reserve(65 * 1024)).toThrow("ENAMETOOLONG");
  });
});

function stringAt(address: number): string {
  return new CString(address as Pointer).toString();
}
