import { expect, test } from "bun:test";
import { headTaken, needsHeadTaken } from "./head-taken.ts";

test("needsHeadTaken() knows docker-py by its name", () => {
  expect(needsHeadTaken("docker-sdk-python/7.1.0")).toBe(true);
  expect(["Docker-Client/28.2.2 (linux)", undefined].some(needsHeadTaken)).toBe(false);
});

test("headTaken() waits until nothing is unread, and not for ever", async () => {
  const asked: number[] = [];
  const left = [80, 80, 0, 5];
  await headTaken(
    { fd: 7, destroyed: false },
    (fd) => {
      asked.push(fd);
      return left.shift()!;
    },
    async () => {},
  );
  expect(asked).toEqual([7, 7, 7]);
  let rounds = 0;
  await headTaken(
    { fd: 7, destroyed: false },
    () => 1,
    async () => void rounds++,
  );
  expect(rounds).toBe(2000);
  await headTaken({ fd: undefined, destroyed: false }, () => 1);
  await headTaken({ fd: 7, destroyed: true }, () => 1);
});
