import { expect, test } from "bun:test";
import { Turns } from "./turns.ts";

test("a turn begins over, and anew when everything else has had one", async () => {
  const turns = new Turns(60_000);
  expect(turns.isOver).toBe(true);
  await turns.next();
  expect(turns.isOver).toBe(false);
  const short = new Turns(0);
  await short.next();
  expect(short.isOver).toBe(true);
});

test("next() lets timers run that only the event loop serves", async () => {
  const turns = new Turns(0);
  const served: string[] = [];
  setTimeout(() => served.push("timer"), 0);
  while (served.length === 0) await turns.next();
  expect(served).toEqual(["timer"]);
});

test("all who wait go on in the same turn", async () => {
  const turns = new Turns(60_000);
  expect(turns.next()).toBe(turns.next());
  await turns.next();
});
