import { expect, test } from "bun:test";
import { silentLog } from "#base/log.ts";
import type { FirewallElement } from "#kernel/types.ts";
import { FakeNetworkKernel } from "../../test/fakes/kernel.ts";
import { Rules } from "./rules.ts";

const bridge = (value: string): FirewallElement => ({ set: "bridges", key: [{ kind: "ifname", value }] });

function setUp(recorded: FirewallElement[]) {
  const fake = new FakeNetworkKernel();
  const rules = new Rules({
    firewall: fake.kernel.firewall,
    log: silentLog,
    table: "t",
    elements: () => recorded,
  });
  return { fake, rules };
}

test("load() replaces the table by what is recorded", () => {
  const { fake, rules } = setUp([bridge("a"), bridge("b")]);
  rules.load();
  expect(fake.elements("t")).toEqual([bridge("a"), bridge("b")]);
});

test("change() is one transaction and leaves alone what is in both lists", () => {
  const { fake, rules } = setUp([bridge("a")]);
  rules.load();
  rules.change({ add: [bridge("a"), bridge("c")], remove: [bridge("a")] });
  expect(fake.calls).toEqual(["load table", "change table: 1 more, 0 less"]);
});

test("change() does not ask the kernel for nothing", () => {
  const { fake, rules } = setUp([]);
  rules.change({ add: [], remove: [] });
  expect(fake.calls).toEqual([]);
});

test("change() writes the table anew when somebody flushed it", () => {
  const { fake, rules } = setUp([bridge("a"), bridge("b")]);
  rules.change({ add: [bridge("b")], remove: [] });
  expect(fake.elements("t")).toEqual([bridge("a"), bridge("b")]);
});

test("change() writes the table without what is to go, though it is still recorded", () => {
  const { fake, rules } = setUp([bridge("a"), bridge("b")]);
  rules.change({ add: [], remove: [bridge("b")] });
  expect(fake.elements("t")).toEqual([bridge("a")]);
});

test("change() writes the table anew when an element is there that should not be", () => {
  const { fake, rules } = setUp([bridge("a")]);
  rules.load();
  rules.change({ add: [bridge("a")], remove: [] });
  expect(fake.elements("t")).toEqual([bridge("a")]);
});

test("change() throws any other refusal", () => {
  const { fake, rules } = setUp([]);
  rules.load();
  fake.failOn = "change table";
  expect(() => rules.change({ add: [bridge("a")], remove: [] })).toThrow("EPERM");
});

test("change() writes the table anew for the first port that is kept apart, and asks nothing of frames before", () => {
  const apart = (value: string): FirewallElement => ({
    family: "bridge",
    set: "apart",
    key: [{ kind: "ifname", value }],
  });
  const { fake, rules } = setUp([bridge("a")]);
  rules.load();
  expect(fake.scripts.at(-1)).not.toContain("chain apart");
  rules.change({ add: [apart("veth1")], remove: [] });
  expect(fake.scripts.at(-1)).toContain("chain apart");
  rules.change({ add: [apart("veth2")], remove: [] });
  expect(fake.calls).toEqual(["load table", "load table", "change table: 1 more, 0 less"]);
});
