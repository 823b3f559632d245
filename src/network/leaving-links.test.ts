import { expect, jest, test } from "bun:test";
import { silentLog } from "#base/log.ts";
import { openMemoryState } from "#state/memory.ts";
import { FakeNetworkKernel } from "../../test/fakes/kernel.ts";
import { LeavingLinks } from "./leaving-links.ts";
import { openRecords } from "./records.ts";

function setUp() {
  const fake = new FakeNetworkKernel();
  const records = openRecords(openMemoryState());
  const clock = { now: () => 0, sleep: () => Bun.sleep(1) };
  const leaving = new LeavingLinks({ kernel: fake.kernel, records, clock, log: silentLog });
  return { fake, records, leaving };
}

test("remove() deletes links one after the other, and forgets them", async () => {
  const { fake, records, leaving } = setUp();
  for (const name of ["a", "b"]) fake.addLink({ name });
  leaving.remove("a");
  leaving.remove("b", { isRecorded: false });
  leaving.remove("never there");
  expect(records.leaving.list()).toEqual([{ name: "a" }]);
  await leaving.gone();
  await Bun.sleep(0);
  expect(fake.calls).toEqual(["delete link a", "delete link b"]);
  expect(records.leaving.list()).toEqual([]);
});

test("settle() frees a name at once, and the link that has it next stays", async () => {
  const { fake, records, leaving } = setUp();
  fake.addLink({ name: "a" });
  leaving.remove("a");
  leaving.settle("a");
  fake.addLink({ name: "a" });
  await leaving.gone();
  await Bun.sleep(1);
  expect([...fake.links.keys()]).toEqual(["a"]);
  expect(records.leaving.list()).toEqual([]);
});

test("finish() leaves none of them to be seen", () => {
  const { fake, leaving } = setUp();
  fake.addLink({ name: "veth1" });
  leaving.remove("veth1", { isRecorded: false });
  leaving.finish();
  expect([...fake.links.keys()]).toEqual([]);
});

test("recover() deletes what a crashed engine left, but not what is a network's again", () => {
  const { fake, records, leaving } = setUp();
  for (const name of ["left", "owned"]) {
    fake.addLink({ name });
    records.leaving.put({ name });
  }
  records.leaving.put({ name: "gone by itself" });
  leaving.recover(new Set(["owned"]));
  expect([...fake.links.keys()]).toEqual(["owned"]);
  expect(records.leaving.list()).toEqual([]);
});

test("a link that cannot be deleted is left to the next engine", async () => {
  const { fake, records, leaving } = setUp();
  fake.addLink({ name: "a" });
  fake.failOn = "delete link";
  leaving.remove("a");
  await Bun.sleep(1);
  expect(records.leaving.list()).toEqual([{ name: "a" }]);
  await leaving.gone();
});

test("expect() deletes what did not go with its namespace, and nothing after the end", async () => {
  jest.useFakeTimers();
  try {
    const { fake, leaving } = setUp();
    fake.addLink({ name: "stays" });
    leaving.expect(["went", "stays"]);
    jest.advanceTimersByTime(2000);
    jest.useRealTimers();
    await Bun.sleep(1);
    expect(fake.calls).toEqual(["delete link stays"]);
    const over = setUp();
    over.fake.addLink({ name: "stays" });
    over.leaving.expect(["stays"]);
    over.leaving[Symbol.dispose]();
    expect([...over.fake.links.keys()]).toEqual(["stays"]);
  } finally {
    jest.useRealTimers();
  }
});
