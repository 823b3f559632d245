import { expect, test } from "bun:test";
import { ReadAhead } from "./ahead.ts";

test("take() gives values in order and reads no further ahead than it may", async () => {
  let asked = 0;
  const ahead = new ReadAhead(async () => asked++, 3);
  expect(await ahead.take()).toBe(0);
  await Bun.sleep(0);
  expect(await ahead.take()).toBe(1);
  for (let turns = 0; turns < 20; turns++) await Promise.resolve();
  expect(asked).toBe(5); // two taken, three wait
});

test("take() throws what the source throws, when its turn comes", async () => {
  let asked = 0;
  const ahead = new ReadAhead(async () => {
    if (asked++ === 1) throw new Error("the source broke");
    return asked;
  }, 4);
  expect(await ahead.take()).toBe(1);
  expect(ahead.take()).rejects.toThrow("the source broke");
});
