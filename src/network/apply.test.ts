import { expect, test } from "bun:test";
import { silentLog } from "#base/log.ts";
import { FakeNetworkKernel } from "../../test/fakes/kernel.ts";
import { applySteps, undoSteps } from "./apply.ts";
import type { NetStep } from "./plan/steps.ts";
import { Rules } from "./rules.ts";

const BRIDGE: NetStep = {
  op: "bridge",
  name: "br1",
  mac: "02:42:00:00:00:01",
  mtu: 1500,
  addresses: [{ address: "10.0.0.1", prefixLength: 24 }],
  sysctls: { "net/ipv6/conf/br1/disable_ipv6": "1" },
  foreign: false,
};
const ELEMENT = { set: "bridges", key: [{ kind: "ifname", value: "br1" }] } as const;
const PLAN: NetStep[] = [
  BRIDGE,
  { op: "namespace", path: "/run/ns" },
  {
    op: "veth",
    host: "veth0",
    bridge: "br1",
    netns: "/run/ns",
    peer: "eth0",
    mac: "02:42:0a:00:00:02",
    mtu: 1500,
    endsWith: "endpoint",
  },
  { op: "bridge-port", link: "veth0", hairpin: true, isolated: false, station: "02:42:00:00:00:09" },
  { op: "sysctl", netns: "/run/ns", key: "net/ipv6/conf/eth0/disable_ipv6", value: "1" },
  { op: "links", netns: "/run/ns", steps: [{ op: "up", link: "eth0" }] },
  { op: "rules", add: [ELEMENT], remove: [] },
];

function setUp() {
  const fake = new FakeNetworkKernel();
  const { kernel } = fake;
  fake.tables.set("t", new Set());
  const rules = new Rules({ firewall: kernel.firewall, log: silentLog, table: "t", elements: () => [] });
  const deps = { kernel, rules, log: silentLog };
  const isEmpty = () => fake.links.size === 0 && fake.pins.size === 0 && fake.elements("t").length === 0;
  return { fake, deps, isEmpty };
}

test("applySteps() does the steps in order", () => {
  const { fake, deps } = setUp();
  applySteps(deps, PLAN);
  expect(fake.calls).toEqual([
    "create bridge br1",
    "sysctl net/ipv6/conf/br1/disable_ipv6=1",
    "host: address 2 10.0.0.1 24",
    "host: up 2",
    "create netns /run/ns",
    "create veth veth0 eth0",
    'bridge port veth0 {"hairpin":true,"isolated":false,"station":"02:42:00:00:00:09"}',
    "sysctl net/ipv6/conf/eth0/disable_ipv6=1",
    "/run/ns: up eth0",
    "change table: 1 more, 0 less",
  ]);
});

const FAILURES = [
  "host: address",
  "create netns",
  "create veth",
  "bridge port",
  "eth0/disable_ipv6",
  "/run/ns: up",
  "change table",
];

for (const failOn of FAILURES)
  test(`applySteps() leaves nothing behind when "${failOn}" fails`, () => {
    const { fake, deps, isEmpty } = setUp();
    fake.failOn = failOn;
    expect(() => applySteps(deps, PLAN)).toThrow("EPERM");
    expect(isEmpty()).toBe(true);
  });

test("applySteps() hands over a teardown that undoes everything in reverse", () => {
  const { fake, deps, isEmpty } = setUp();
  const undo = applySteps(deps, PLAN);
  fake.calls.length = 0;
  undo.dispose();
  expect(fake.calls).toEqual([
    "change table: 0 more, 1 less",
    "delete link veth0",
    "remove netns /run/ns",
    "delete link br1",
  ]);
  expect(isEmpty()).toBe(true);
});

test("undoSteps() does the same from the steps alone", () => {
  const { deps, isEmpty } = setUp();
  applySteps(deps, PLAN);
  undoSteps(deps, PLAN);
  expect(isEmpty()).toBe(true);
});

test("undoSteps() goes on when one step cannot be undone, and throws its failure", () => {
  const { fake, deps } = setUp();
  applySteps(deps, PLAN);
  fake.failOn = "delete link veth0";
  expect(() => undoSteps(deps, PLAN)).toThrow("EPERM");
  expect(fake.pins.size).toBe(0);
  expect([...fake.links.keys()]).toEqual(["veth0"]);
});

test("applySteps() completes a bridge that is there and leaves it when undone", () => {
  const { fake, deps } = setUp();
  fake.addLink({ name: "br1" });
  applySteps(deps, [BRIDGE]).dispose();
  expect(fake.calls).toEqual(["host: address 2 10.0.0.1 24", "host: up 2"]);
  expect(fake.links.has("br1")).toBe(true);
});

test("undoSteps() leaves a foreign bridge and a veth that ends with its namespace", () => {
  const { fake, deps } = setUp();
  const plan = PLAN.map((step) => {
    if (step.op === "bridge") return { ...step, foreign: true };
    return step.op === "veth" ? { ...step, endsWith: "namespace" as const } : step;
  });
  applySteps(deps, plan);
  fake.calls.length = 0;
  undoSteps(deps, plan);
  expect(fake.calls).toEqual(["change table: 0 more, 1 less", "remove netns /run/ns"]);
});
