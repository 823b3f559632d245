import { expect, test } from "bun:test";
import { Internal } from "#base/errors.ts";
import { silentLog } from "#base/log.ts";
import { Transfers, type TransfersDeps } from "./transfers.ts";

/** Jobs that fail at once, on a machine where a collection works from the `works`th time on. */
function lab(works: number) {
  const pauses: number[] = [];
  let collections = 0;
  const refuse = () => {
    throw new Internal("no registry here");
  };
  const deps = {
    storage: {},
    registries: new Proxy({}, { get: () => refuse }),
    clock: { now: () => 0, sleep: async (ms: number) => void pauses.push(ms) },
    log: silentLog,
    host: { os: "linux", architecture: "amd64" },
    options: undefined,
    collect: async () => {
      collections += 1;
      if (collections < works) throw new Internal("no space left on device");
    },
  } as unknown as TransfersDeps;
  const fail = async () => {
    for await (const _ of new Transfers(deps).pull({ reference: "a/b:1" } as never));
  };
  return { fail, pauses, collections: () => collections };
}

test("what a failed job leaves is collected, at the second try where the first frees the room for it", async () => {
  const here = lab(2);
  await expect(here.fail()).rejects.toThrow();
  expect([here.collections(), here.pauses]).toEqual([2, []]);
});

test("and later where there is still no room", async () => {
  const here = lab(4);
  await expect(here.fail()).rejects.toThrow();
  await Bun.sleep(10); // what goes on behind the answer waits for nothing here
  expect([here.collections(), here.pauses]).toEqual([4, [1000, 10_000]]);
});
