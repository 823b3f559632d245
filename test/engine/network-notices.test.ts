/** What the engine tells of a host whose routes or rules stand in the way of networks, and what names tell of services. */
import { expect, test } from "bun:test";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);
const machine = (...argv: string[]) => daemon().machine.text(argv);
const subnetOf = (name: string) =>
  docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", name);

test("a route that comes later and overlaps a network is told of, in info and in the daemon's log", async () => {
  await docker("network", "create", "early");
  const subnet = await subnetOf("early");
  const route = subnet.replace(/\.0\/24$/, ".128/25");
  const warnings = async () => JSON.parse(await docker("info", "-f", "{{json .Warnings}}")) ?? [];
  const isTold = (texts: readonly string[]) =>
    texts.some((text) => text.includes(`network early (${subnet}) overlaps`));
  expect(isTold(await warnings())).toBe(false);
  await machine("ip", "link", "add", "vpn0", "type", "veth", "peer", "name", "vpn1");
  await machine("ip", "link", "set", "vpn0", "up");
  await machine("ip", "route", "add", route, "dev", "vpn0");
  expect(isTold(await warnings())).toBe(true);
  await until(
    "told in the log",
    () => daemon().log(),
    (log) => log.includes(`overlaps the host's route to ${route} by vpn0`),
  );
  await machine("ip", "route", "del", route);
  expect(isTold(await warnings())).toBe(false);
  await machine("ip", "route", "add", "172.18.0.0/15", "dev", "vpn0");
  await docker("network", "create", "late");
  expect(await subnetOf("late")).toMatch(/^172\.20\./);
  await machine("ip", "link", "del", "vpn0");
  await docker("network", "rm", "early", "late");
});

test("a subnet rests when its network is gone", async () => {
  await docker("network", "create", "first");
  const subnet = await subnetOf("first");
  await docker("network", "rm", "first");
  await docker("network", "create", "second");
  expect(await subnetOf("second")).not.toBe(subnet);
  await docker("network", "create", "--subnet", subnet, "third"); // whoever asks for it has it
  await docker("network", "rm", "second", "third");
});

test("whoever publishes a port is told of a chain that drops what is forwarded", async () => {
  await machine(
    "nft",
    "add table inet mine; add chain inet mine passing { type filter hook forward priority 10; policy drop; }",
  );
  const publish = async () => {
    const { stderr } = await daemon().docker("create", "-p", "8480:80", "busybox", "true");
    return stderr;
  };
  await until("told", publish, (text) =>
    text.includes("nftables chain inet mine passing drops forwarded packets by default"),
  );
  await machine("nft", "delete table inet mine");
  await until("told no more", publish, (text) => !text.includes("chain inet mine passing"));
  await docker("container", "prune", "-f");
});

test("names tell who serves a port", async () => {
  await docker("network", "create", "served");
  await docker(
    "run",
    "-d",
    "--name",
    "web",
    "--network",
    "served",
    "--expose",
    "80",
    "busybox",
    "sleep",
    "1000",
  );
  await docker("run", "-d", "--name", "asker", "--network", "served", "busybox", "sleep", "1000");
  const ask = async (name: string) =>
    (await daemon().docker("exec", "asker", "nslookup", "-type=srv", name)).stdout;
  expect(await ask("_http._tcp.web")).toMatch(/_http\._tcp\.web\s+service = 0 0 80 web\.served/);
  expect(await ask("_81._tcp.web")).not.toContain("service =");
  await docker("rm", "-f", "web", "asker");
  await docker("network", "rm", "served");
});

testNothingIsLeft(daemon);
