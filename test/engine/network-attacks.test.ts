/** What containers must not do to each other, to the host and to its neighbours, and the honest thing next to it. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import {
  ADD_NEIGHBOUR,
  CAN_GUARD_BRIDGES,
  HAS_IPTABLES,
  HOST_ADDRESS,
  NEIGHBOUR,
  NEIGHBOUR_ADDRESS,
  useNetCheck,
} from "../helpers/netcheck.ts";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const API_PORT = 2375;
const daemon = useDaemon({
  prepare: ADD_NEIGHBOUR,
  flags: ["-H", `tcp://0.0.0.0:${API_PORT}`, "--tls=false"],
});
const docker = (...args: string[]) => daemon().dockerText(...args);
const text = (...argv: string[]) => daemon().machine.text(argv);
const { server, client, answer, answerInside, get, getInside, listen, addressOf } = useNetCheck(daemon);
const pidOf = async (name: string) => Number(await docker("inspect", "-f", "{{.State.Pid}}", name));
const tableOfEngine = async () => /table inet (wharf\S*)/.exec(await text("nft", "list", "tables"))![1]!;
const isRefused = async (container: string, address: string, port = 80) =>
  (await getInside(container, address, port)).exitCode !== 0;

test.skipIf(!CAN_GUARD_BRIDGES)(
  "a container cannot pass itself off as another, as the gateway or as a neighbour of the host",
  async () => {
    await docker("network", "create", "--ipv6", "-o", "com.docker.network.bridge.name=br-lies", "lies");
    for (const name of ["attacker", "victim", "peer"]) await client(name, "--network", "lies");
    const gateway = await docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", "lies");
    const places = {
      attacker: await pidOf("attacker"),
      victim: await pidOf("victim"),
      peer: await pidOf("peer"),
      host: 1,
      lan: NEIGHBOUR_ADDRESS,
      gateway,
      bridge: JSON.parse(await text("ip", "-j", "link", "show", "br-lies"))[0].address,
    };
    const script = join(import.meta.dir, "../programs/spoof.py");
    const result: unknown = JSON.parse(await text("python3", script, JSON.stringify(places)));
    expect(result).toEqual({
      // A neighbour's address is not one of ours: among themselves containers may route for others.
      "peer hears": [`as ${NEIGHBOUR_ADDRESS}`, "honest"],
      "peer hears by IPv6": ["honest"],
      "host hears": ["honest"],
      "free address is taken": true,
      "free IPv6 address is taken": true,
      "neighbours stay": true,
      "gateway stays": true,
      "victim hears": ["private", "private", "private", "honest"],
      "attacker sees": 0,
    });
    await docker("rm", "-f", "attacker", "victim", "peer");
    await docker("network", "rm", "lies");
  },
);

test("networks reach each other's containers by published ports alone", async () => {
  await docker("network", "create", "one");
  await docker("network", "create", "two");
  await server("inone", "--network", "one", "-p", "8201:80");
  await client("intwo", "--network", "two");
  expect(await answerInside("intwo", HOST_ADDRESS, 8201)).toBe("inone");
  const address = await addressOf("inone", "one");
  // Neither directly, nor does a neighbour of the host that knows the way.
  const isRefusedOutside = get(address, 80, { from: NEIGHBOUR }).then(({ exitCode }) => exitCode !== 0);
  expect(await Promise.all([isRefused("intwo", address), isRefusedOutside])).toEqual([true, true]);
  expect((await answer(HOST_ADDRESS, 8201, { from: NEIGHBOUR })).name).toBe("inone");
  await docker("rm", "-f", "inone", "intwo");
  await docker("network", "rm", "one", "two");
});

test("from an internal network there is no way out, not by the host's other addresses and not by names", async () => {
  const stopWorld = await listen(NEIGHBOUR, "tcp", "8210", "world");
  const stopHost = await listen([], "tcp", "8211", "host");
  await docker("network", "create", "--internal", "inside");
  await server("within", "--network", "inside");
  await client("shut", "--network", "inside", "--cap-add", "NET_ADMIN");
  const gateway = await docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", "inside");
  await docker("exec", "shut", "ip", "route", "add", "default", "via", gateway);
  await answer("127.0.0.1", 8211);
  await answer(NEIGHBOUR_ADDRESS, 8210);
  expect(await answerInside("shut", await addressOf("within", "inside"))).toBe("within");
  expect(await answerInside("shut", gateway, 8211)).toBe("host");
  await server("open", "-p", "8212:80");
  await answer(HOST_ADDRESS, 8212, { from: NEIGHBOUR });
  const waysOut = [
    isRefused("shut", HOST_ADDRESS, 8211),
    isRefused("shut", NEIGHBOUR_ADDRESS, 8210),
    isRefused("shut", HOST_ADDRESS, 8212),
    isRefused("shut", gateway, 8212),
  ];
  expect(await Promise.all(waysOut)).toEqual([true, true, true, true]);
  await stopWorld();
  await stopHost();
  await docker("rm", "-f", "within", "shut", "open");
  await docker("network", "rm", "inside");
});

test("the engine's API without a key is for the host and its neighbours, not for containers", async () => {
  const ping = (from: readonly string[], address: string) =>
    daemon().machine.run([...from, "docker", "-H", `tcp://${address}:${API_PORT}`, "version"]);
  expect((await ping([], "127.0.0.1")).exitCode).toBe(0);
  expect((await ping(NEIGHBOUR, HOST_ADDRESS)).exitCode).toBe(0);
  await client("curious");
  const gateway = await docker("inspect", "-f", "{{.NetworkSettings.Networks.bridge.Gateway}}", "curious");
  for (const address of [gateway, HOST_ADDRESS]) {
    const { exitCode, stderr } = await getInside("curious", address, API_PORT);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("connect: ")]); // not for want of a question
  }
  await docker("rm", "-f", "curious");
});

test("a network without IPv6 has none, not even between neighbours", async () => {
  await client("four");
  expect(await docker("exec", "four", "ip", "-6", "addr", "show", "eth0")).toBe("");
  const bridges = (await text("ip", "-o", "link", "show", "type", "bridge")).matchAll(/^\d+: ([^:@]+)/gm);
  for (const [, bridge] of bridges) expect(await text("ip", "-6", "addr", "show", bridge!)).toBe("");
  await docker("rm", "-f", "four");
});

for (const [what, flush] of [
  ["the whole ruleset", ["sh", "-c", "nft flush ruleset"]],
  ["the engine's table", ["sh", "-c", 'nft delete table inet "$1"']],
  ["a chain of it", ["sh", "-c", 'nft flush chain inet "$1" pass']],
  ["iptables", ["sh", "-c", "iptables -P FORWARD ACCEPT; iptables -F; iptables -t nat -F"]],
] as const)
  test.skipIf(what === "iptables" && !HAS_IPTABLES)(
    `a flush of ${what} neither opens nor closes anything`,
    async () => {
      const name = `flushed${what.length}`;
      await docker("network", "create", "calm");
      await server(name, "--network", "calm", "-p", "8220:80");
      await answer(HOST_ADDRESS, 8220, { from: NEIGHBOUR });
      const table = await tableOfEngine();
      await text(...flush, "flush", table);
      const rules = () => daemon().machine.run(["nft", "list", "chain", "inet", table, "pass"]);
      await until("restored", rules, ({ stdout }) => stdout.includes("vmap @into"));
      expect((await answer(HOST_ADDRESS, 8220, { from: NEIGHBOUR })).name).toBe(name);
      const address = await addressOf(name, "calm");
      expect((await get(address, 80, { from: NEIGHBOUR })).exitCode).not.toBe(0);
      await docker("rm", "-f", name);
      await docker("network", "rm", "calm");
    },
  );

test.skipIf(!HAS_IPTABLES)(
  "a firewall that begins to drop by default later lets published ports pass all the same",
  async () => {
    await server("later", "-p", "8230:80");
    await answer(HOST_ADDRESS, 8230, { from: NEIGHBOUR });
    await text("iptables", "-P", "FORWARD", "DROP");
    const rules = () => daemon().machine.run(["iptables", "-S", "FORWARD"]);
    await until("our rule", rules, ({ stdout }) => stdout.includes("checked-by-wharf"));
    expect((await answer(HOST_ADDRESS, 8230, { from: NEIGHBOUR })).name).toBe("later");
    await text("sh", "-c", "iptables -F FORWARD; iptables -P FORWARD ACCEPT");
    await docker("rm", "-f", "later");
  },
);

testNothingIsLeft(daemon);
