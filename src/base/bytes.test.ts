import { expect, test } from "bun:test";
import { ByteReader, ByteWriter } from "./bytes.ts";

test.each([true, false])("ByteReader reads what ByteWriter wrote (littleEndian: %p)", (littleEndian) => {
  const bytes = new ByteWriter({ littleEndian })
    .u8(1)
    .u16(0x0203)
    .u32(0xfffffffe)
    .u64(2n ** 63n)
    .bytes(Uint8Array.of(7, 8))
    .zeros(1)
    .finish();
  const reader = new ByteReader(bytes, "sample", { littleEndian });
  expect([reader.u8(), reader.u16()]).toEqual([1, 0x0203]);
  expect(reader.i32()).toBe(-2);
  expect(reader.u64()).toBe(2n ** 63n);
  expect([...reader.take(2)]).toEqual([7, 8]);
  reader.skip(1);
  expect(reader.remaining).toBe(0);
});

test("ByteReader refuses to read beyond the end", () => {
  const reader = new ByteReader(Uint8Array.of(1, 2), "answer");
  expect(() => reader.u32()).toThrow("answer: 4 bytes wanted at offset 0, 2 left");
  expect(() => reader.take(-1)).toThrow("answer: -1 bytes wanted");
});

test("ByteWriter grows up to its bound and refuses more", () => {
  const writer = new ByteWriter({ maxBytes: 1000 });
  writer.zeros(999).u8(9);
  expect(writer.finish().at(-1)).toBe(9);
  expect(() => writer.u8(1)).toThrow("structure of 1001 bytes: at most 1000 are allowed");
});

test("ByteWriter overwrites a length written before", () => {
  const writer = new ByteWriter();
  writer.u16(0).u32(0).setU16(0, 6);
  writer.setU32(2, 5);
  expect([...writer.finish()]).toEqual([0, 6, 0, 0, 0, 5]);
});
