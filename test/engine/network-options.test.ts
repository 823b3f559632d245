/** What networks and endpoints are asked for by options, by its effect on packets. */
import { expect, test } from "bun:test";
import {
  ADD_NEIGHBOUR,
  CAN_GUARD_BRIDGES,
  HOST_ADDRESS,
  NEIGHBOUR,
  NEIGHBOUR_ADDRESS,
  useNetCheck,
} from "../helpers/netcheck.ts";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const SECOND_ADDRESS = "198.18.0.129";
const daemon = useDaemon({ prepare: `${ADD_NEIGHBOUR} ip addr add ${SECOND_ADDRESS}/32 dev cable` });
const docker = (...args: string[]) => daemon().dockerText(...args);
const text = (...argv: string[]) => daemon().machine.text(argv);
const { server, client, answer, answerInside, get, getInside, listen, addressOf } = useNetCheck(daemon);
const option = (name: string, value: string) => ["-o", `com.docker.network.${name}=${value}`];
const create = (name: string, ...flags: string[]) => docker("network", "create", ...flags, name);
const isRefused = async (address: string, port = 80) =>
  (await get(address, port, { from: NEIGHBOUR })).exitCode !== 0;
const six = (name: string, network: string) =>
  docker("inspect", "-f", `{{(index .NetworkSettings.Networks "${network}").GlobalIPv6Address}}`, name);
/** Whom the neighbour sees when a container connects to it. */
const seenOutside = async (container: string, port: number) => {
  const reply = await daemon().docker(
    "exec",
    container,
    "netcheck",
    "get",
    "tcp",
    NEIGHBOUR_ADDRESS,
    String(port),
  );
  return reply.stdout.trim().split(" ")[1]?.replace("::ffff:", "");
};

test("gateway modes: translated, unprotected and routed", async () => {
  const stop = await listen(NEIGHBOUR, "tcp", "8300", "world");
  await create("plain", "--ipv6");
  await create("bare", ...option("bridge.gateway_mode_ipv4", "nat-unprotected"));
  const routed = ["4", "6"].flatMap((family) => option(`bridge.gateway_mode_ipv${family}`, "routed"));
  await create("routed", "--ipv6", ...routed);
  await server("np", "--network", "plain", "-p", "8301:80");
  await server("nb", "--network", "bare");
  await server("nr", "--network", "routed", "-p", "8303:80");
  await client("other", "--network", "routed");
  // From outside, by the container's own address.
  expect((await answer(await addressOf("nb", "bare"), 80, { from: NEIGHBOUR })).name).toBe("nb");
  expect((await answer(await addressOf("nr", "routed"), 80, { from: NEIGHBOUR })).peer).toBe(
    NEIGHBOUR_ADDRESS,
  );
  expect((await answer(await six("nr", "routed"), 80, { from: NEIGHBOUR })).name).toBe("nr");
  // A routed network's published ports are open to other networks, and the host has no port for them.
  expect(await answerInside("np", await addressOf("nr", "routed"))).toBe("nr");
  const closed = [
    isRefused(await addressOf("np", "plain")),
    isRefused(await six("np", "plain")),
    isRefused(await addressOf("other", "routed")),
    isRefused(HOST_ADDRESS, 8303),
  ];
  expect(await Promise.all(closed)).toEqual([true, true, true, true]);
  expect(JSON.parse(await docker("inspect", "-f", "{{json .NetworkSettings.Ports}}", "nr"))).toEqual({
    "80/tcp": [
      { HostIp: "0.0.0.0", HostPort: "" },
      { HostIp: "::", HostPort: "" },
    ],
  });
  // Outwards a routed container shows its own address, the others the host's.
  expect(await seenOutside("nr", 8300)).toBe(await addressOf("nr", "routed"));
  expect(await seenOutside("nb", 8300)).toBe(HOST_ADDRESS);
  await stop();
  await docker("rm", "-f", "np", "nb", "nr", "other");
  await docker("network", "rm", "plain", "bare", "routed");
});

test("an isolated network has its containers and nobody else", async () => {
  const isolated = option("bridge.gateway_mode_ipv4", "isolated");
  const refused = await daemon().docker("network", "create", ...isolated, "half");
  expect(refused.stderr).toContain("gateway mode 'isolated' can only be used for an internal network");
  await create("alone", "--internal", ...isolated, ...option("bridge.name", "br-alone"));
  expect(await text("ip", "-4", "addr", "show", "br-alone")).toBe("");
  await server("a1", "--network", "alone");
  await client("a2", "--network", "alone");
  expect(await answerInside("a2", await addressOf("a1", "alone"))).toBe("a1");
  expect(await docker("exec", "a2", "ip", "route")).not.toContain("default");
  await docker("rm", "-f", "a1", "a2");
  await docker("network", "rm", "alone");
});

test("trusted interfaces, a source of the host's, a bridge without an address", async () => {
  await create("known", ...option("bridge.trusted_host_interfaces", "cable"));
  await create("second", ...option("host_ipv4", SECOND_ADDRESS));
  await create("numb", ...option("bridge.inhibit_ipv4", "true"), ...option("bridge.name", "br-numb"));
  await server("kk", "--network", "known");
  expect((await answer(await addressOf("kk", "known"), 80, { from: NEIGHBOUR })).name).toBe("kk");
  const stop = await listen(NEIGHBOUR, "tcp", "8310", "world");
  await answer(NEIGHBOUR_ADDRESS, 8310);
  await text(...NEIGHBOUR, "ip", "route", "replace", `${SECOND_ADDRESS}/32`, "via", HOST_ADDRESS);
  await client("ss", "--network", "second");
  expect(await seenOutside("ss", 8310)).toBe(SECOND_ADDRESS);
  await stop();
  expect(await text("ip", "-4", "addr", "show", "br-numb")).toBe("");
  await docker("rm", "-f", "kk", "ss");
  await docker("network", "rm", "known", "second", "numb");
});

test("endpoints take kernel switches, a name for the interface, further addresses and a priority", async () => {
  await create(
    "lan",
    "--subnet",
    "10.83.1.0/24",
    "--ip-range",
    "10.83.1.64/28",
    "--aux-address",
    "nas=10.83.1.65",
  );
  await create("dmz", "--subnet", "10.83.2.0/24", "--gateway", "10.83.2.9");
  const settings = [
    "name=lan",
    "alias=first",
    "ip=10.83.1.200",
    "mac-address=02:00:00:00:00:77",
    "link-local-ip=169.254.7.7",
    "driver-opt=com.docker.network.endpoint.ifname=green",
    '"driver-opt=com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.log_martians=1,net.ipv4.conf.IFNAME.forwarding=0"',
  ];
  await client("one", "--network", settings.join(","), "--network", "name=dmz,gw-priority=5");
  const shown = await docker("exec", "one", "ip", "addr", "show", "green");
  for (const part of ["10.83.1.200/24", "169.254.7.7/16", "02:00:00:00:00:77"]) expect(shown).toContain(part);
  const switches = "cd /proc/sys/net/ipv4/conf/green && cat log_martians forwarding";
  expect(await docker("exec", "one", "sh", "-c", switches)).toBe("1\n0");
  expect(await docker("exec", "one", "ip", "route")).toContain("default via 10.83.2.9");
  await client("two", "--network", "lan");
  expect(await addressOf("two", "lan")).toBe("10.83.1.66"); // the range's first two are the gateway's and the nas's
  expect(await docker("exec", "two", "ping", "-c1", "-W5", "first")).toContain("1 packets received");

  // The default route follows what is connected.
  await docker("network", "disconnect", "dmz", "one");
  expect(await docker("exec", "one", "ip", "route")).toContain("default via 10.83.1.64");
  await docker(
    "network",
    "connect",
    "--gw-priority",
    "9",
    "--ip",
    "10.83.2.44",
    "--alias",
    "late",
    "dmz",
    "one",
  );
  expect(await docker("exec", "one", "ip", "route")).toContain("default via 10.83.2.9");
  expect(await docker("exec", "one", "ip", "addr")).toContain("10.83.2.44/24");

  const wrong = await daemon().docker(
    ...[
      "run",
      "--rm",
      "--network",
      "name=lan,driver-opt=com.docker.network.endpoint.sysctls=net.ipv4.conf.eth0.mtu=1",
    ],
    ...["busybox", "true"],
  );
  expect(wrong.stderr).toContain("represent 'net.X.Y.ethN.Z=V' as 'net.X.Y.IFNAME.Z=V'");
  const absent = await daemon().docker(
    ...[
      "run",
      "--rm",
      "--network",
      "name=lan,driver-opt=com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.nosuch=1",
    ],
    ...["busybox", "true"],
  );
  expect(absent.stderr).toContain("cannot set net.ipv4.conf.eth0.nosuch");
  await docker("rm", "-f", "one", "two");
  await docker("network", "rm", "lan", "dmz");
});

test.skipIf(!CAN_GUARD_BRIDGES)("icc=false keeps containers apart but for published ports", async () => {
  await create("strangers", ...option("bridge.enable_icc", "false"));
  await server("xx", "--network", "strangers", "-p", "8320:80");
  await client("yy", "--network", "strangers");
  expect(await answerInside("yy", HOST_ADDRESS, 8320)).toBe("xx");
  expect((await getInside("yy", await addressOf("xx", "strangers"))).exitCode).not.toBe(0);
  await docker("rm", "-f", "xx", "yy");
  await docker("network", "rm", "strangers");
});

test("what is taken is refused with its owner's name, what is wrong with the reason, and inspect says how full it is", async () => {
  await create("tiny", "--subnet", "10.84.0.0/29", "--aux-address", "nas=10.84.0.3", "--ipv6");
  await client("has", "--network", "tiny", "--ip", "10.84.0.4");
  const refusals: [words: string, ...args: string[]][] = [
    [
      "Address already in use (container has has 10.84.0.4)",
      "run",
      "--network",
      "tiny",
      "--ip",
      "10.84.0.4",
      "busybox",
    ],
    [
      "(10.84.0.1 is the gateway of network tiny)",
      "run",
      "--network",
      "tiny",
      "--ip",
      "10.84.0.1",
      "busybox",
    ],
    [
      "(10.84.0.3 is reserved in network tiny for nas)",
      "run",
      "--network",
      "tiny",
      "--ip",
      "10.84.0.3",
      "busybox",
    ],
    [
      "no configured subnet contains IP address 10.9.9.9",
      "run",
      "--network",
      "tiny",
      "--ip",
      "10.9.9.9",
      "busybox",
    ],
    [
      "(10.84.0.4/30 overlaps 10.84.0.0/29 of network tiny)",
      "network",
      "create",
      "--subnet",
      "10.84.0.4/30",
      "over",
    ],
    [
      "invalid subnet 10.300.0.0/24: invalid CIDR block",
      "network",
      "create",
      "--subnet",
      "10.300.0.0/24",
      "bad",
    ],
    ['network tiny has active endpoints (name:"has"', "network", "rm", "tiny"],
    ["could not find plugin nosuch", "network", "create", "-d", "nosuch", "odd"],
    [
      "unknown option com.docker.network.bridge.enable_ic of network driver bridge",
      ...["network", "create", "-o", "com.docker.network.bridge.enable_ic=false", "odd"],
    ],
  ];
  for (const [words, ...args] of refusals) expect((await daemon().docker(...args)).stderr).toContain(words);
  const { json } = await daemon().api("GET", "/v1.52/networks/tiny");
  const { Status } = json as { Status: { IPAM: { Subnets: Record<string, object> } } };
  expect(Status.IPAM.Subnets["10.84.0.0/29"]).toEqual({ IPsInUse: 5, DynamicIPsAvailable: 3 });
  for (const name of ["f1", "f2", "f3"]) await client(name, "--network", "tiny");
  const full = await daemon().docker("run", "--network", "tiny", "busybox", "true");
  expect(full.stderr).toContain("no available IPv4 addresses on this network's address pools: tiny");
  const names = (await docker("ps", "-aq", "--filter", "network=tiny")).split("\n");
  const left = (await docker("ps", "-aq", "--filter", "status=created"))
    .split("\n")
    .filter((id) => id !== "");
  await docker("rm", "-f", ...new Set([...names, ...left]));
  await docker("network", "rm", "tiny");
});

testNothingIsLeft(daemon);
