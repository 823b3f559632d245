import { afterAll, beforeAll, expect, test } from "bun:test";
import { testProgram } from "../helpers/programs.ts";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);
const machine = () => daemon().machine;

let netcheck = "";
beforeAll(async () => {
  netcheck = await testProgram("netcheck");
});

/** A container that answers on TCP port 80 with its name and the peer's address. */
const server = (name: string, ...flags: string[]) =>
  docker("run", "-d", "--name", name, ...flags, "busybox", "netcheck", "serve", "tcp", "80", name);
/** Asks from the engine's host, or from the place that `from` enters. */
const get = (
  address: string,
  port: number,
  options: { from?: readonly string[]; protocol?: "tcp" | "udp" } = {},
) =>
  machine().run([...(options.from ?? []), netcheck, "get", options.protocol ?? "tcp", address, String(port)]);
/** Name in the first answer; waits for the server to listen. */
const answer = async (...ask: Parameters<typeof get>) =>
  (
    await until(
      `${ask[0]}:${ask[1]}`,
      () => get(...ask),
      (result) => result.exitCode === 0,
    )
  ).stdout.split(" ")[0];
/** As `answer`, from inside a container that runs. */
const answerInside = async (container: string, address: string, port = 80) =>
  (
    await until(
      `${container} to ${address}:${port}`,
      () => daemon().docker("exec", container, "netcheck", "get", "tcp", address, String(port)),
      (result) => result.exitCode === 0,
    )
  ).stdout.split(" ")[0];
const isRefusedInside = async (container: string, address: string, port = 80) =>
  (await daemon().docker("exec", container, "netcheck", "get", "tcp", address, String(port))).exitCode !== 0;
const client = (name: string, ...flags: string[]) =>
  docker("run", "-d", "--name", name, ...flags, "busybox", "sleep", "1000");
const addressOf = (name: string, network = "bridge") =>
  docker("inspect", "-f", `{{.NetworkSettings.Networks.${network}.IPAddress}}`, name);
/** A server outside any container. @returns how to end it */
const listen = async (prefix: readonly string[], ...args: string[]) => {
  const script = 'setsid "$@" >/dev/null 2>&1 </dev/null & echo $!';
  const { stdout } = await machine().run([
    ...prefix,
    "sh",
    "-c",
    script,
    "listen",
    netcheck,
    "serve",
    ...args,
  ]);
  return () => machine().run(["kill", stdout.trim()]);
};

const CLIENT = ["ip", "netns", "exec", "client"];
const HOST_ADDRESS = "198.18.0.1";

beforeAll(async () => {
  // Another host: a namespace behind a cable.
  const script = `ip netns add client && ip link add cable type veth peer name eth0 netns client &&
    ip addr add ${HOST_ADDRESS}/30 dev cable && ip link set cable up &&
    ip -n client addr add 198.18.0.2/30 dev eth0 && ip -n client link set eth0 up && ip -n client link set lo up &&
    ip -n client route add default via ${HOST_ADDRESS}`;
  await machine().text(["sh", "-c", script]);
});
afterAll(async () => {
  await machine().run(["ip", "netns", "del", "client"]);
});

test("containers on the default bridge have addresses and reach each other and the host", async () => {
  await server("aa");
  await client("bb");
  const address = await addressOf("aa");
  expect(address).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
  expect(await answerInside("bb", address)).toBe("aa");
  const gateway = await docker("inspect", "-f", "{{.NetworkSettings.Networks.bridge.Gateway}}", "aa");
  expect(await docker("exec", "bb", "ping", "-c1", "-W2", gateway)).toContain("1 packets received");
  expect(await docker("exec", "bb", "ip", "route")).toContain(`default via ${gateway}`);
  await docker("rm", "-f", "aa", "bb");
});

test("containers reach the world through the host's address", async () => {
  const stop = await listen(CLIENT, "tcp", "99", "world");
  await client("out");
  const reply = await until(
    "world",
    () => daemon().docker("exec", "out", "netcheck", "get", "tcp", "198.18.0.2", "99"),
    (result) => result.exitCode === 0,
  );
  await stop();
  expect(reply.stdout).toMatch(/^world (::ffff:)?198\.18\.0\.1\n$/); // the container's own address stays inside
  await docker("rm", "-f", "out");
});

test("-p is reached from another host, the host's address, 127.0.0.1 and ::1, and by the container itself", async () => {
  await server("pub", "-p", "8081:80");
  expect(await docker("port", "pub")).toContain("80/tcp -> 0.0.0.0:8081");
  expect(await answer(HOST_ADDRESS, 8081, { from: CLIENT })).toBe("pub");
  expect(await answer(HOST_ADDRESS, 8081)).toBe("pub");
  expect(await answer("127.0.0.1", 8081)).toBe("pub");
  expect(await answer("::1", 8081)).toBe("pub");
  expect(await answerInside("pub", HOST_ADDRESS, 8081)).toBe("pub");
  const seen = (await get(HOST_ADDRESS, 8081, { from: CLIENT })).stdout;
  expect(seen).toMatch(/198\.18\.0\.2\n$/); // the client's address is kept
  await docker("rm", "-f", "pub");
  expect((await get("127.0.0.1", 8081)).exitCode).not.toBe(0);
});

test("-p 127.0.0.1:… is not reached from another host", async () => {
  await server("local", "-p", "127.0.0.1:8082:80");
  expect(await answer("127.0.0.1", 8082)).toBe("local");
  expect((await get(HOST_ADDRESS, 8082, { from: CLIENT })).exitCode).not.toBe(0);
  // A neighbour that sends packets for 127.0.0.1 down the cable gets nothing either (moby#45610).
  const script = `sysctl -qw net.ipv4.conf.all.route_localnet=1 && ip route del local 127.0.0.1 table local; ip route add 127.0.0.1/32 via ${HOST_ADDRESS}`;
  await machine().run([...CLIENT, "sh", "-c", script]);
  expect((await get("127.0.0.1", 8082, { from: CLIENT })).exitCode).not.toBe(0);
  await docker("rm", "-f", "local");
});

test("an unpublished port is not reached from another host", async () => {
  await server("hidden", "-p", "8087:81");
  const address = await addressOf("hidden");
  expect((await get(address, 80, { from: CLIENT })).exitCode).not.toBe(0);
  await docker("rm", "-f", "hidden");
});

test("-p publishes udp, ranges and free ports", async () => {
  await docker(
    "run",
    "-d",
    "--name",
    "udp",
    "-p",
    "5353:53/udp",
    "busybox",
    "netcheck",
    "serve",
    "udp",
    "53",
    "pong",
  );
  expect(await answer(HOST_ADDRESS, 5353, { from: CLIENT, protocol: "udp" })).toBe("pong");
  expect(await answer("127.0.0.1", 5353, { protocol: "udp" })).toBe("pong");
  await docker("rm", "-f", "udp");

  await server("range", "-p", "9000-9002:80", "-p", "80");
  const ports = await docker("port", "range", "80/tcp");
  expect(ports).toMatch(/0\.0\.0\.0:900[0-2]/);
  const free = /0\.0\.0\.0:(\d{5})/.exec(ports)![1];
  expect(await answer("127.0.0.1", Number(free))).toBe("range");
  await docker("rm", "-f", "range");

  await docker("run", "-d", "--name", "all", "-P", "--expose", "80", "busybox", "sleep", "100");
  expect(await docker("port", "all")).toMatch(/80\/tcp -> 0\.0\.0\.0:\d+/);
  await docker("rm", "-f", "all");
});

test("a taken port is refused and leaves nothing behind", async () => {
  await server("first", "-p", "8083:80");
  const second = await daemon().docker(
    "run",
    "-d",
    "--name",
    "second",
    "-p",
    "8083:80",
    "busybox",
    "sleep",
    "9",
  );
  expect(second.exitCode).toBe(125);
  expect(second.stderr).toContain("port is already allocated");
  expect(await docker("inspect", "-f", "{{.State.Status}}", "second")).toBe("created");
  expect(await answer("127.0.0.1", 8083)).toBe("first");
  await docker("rm", "-f", "first", "second");

  const stop = await listen([], "tcp", "8084", "host");
  expect(await answer("127.0.0.1", 8084)).toBe("host");
  const taken = await daemon().docker(
    "run",
    "-d",
    "--name",
    "third",
    "-p",
    "8084:80",
    "busybox",
    "sleep",
    "9",
  );
  await stop();
  expect(taken.exitCode).toBe(125);
  expect(taken.stderr).toContain("address already in use");
  await docker("rm", "-f", "third");
});

test("200 published ports need no process and go away with the container", async () => {
  const countProcesses = async () =>
    Number((await machine().text(["sh", "-c", "ls -d /proc/[0-9]* | wc -l"])).trim());
  const before = await countProcesses();
  await server("many", "-p", "20000-20199:20000-20199", "-p", "8085:80");
  // The supervisor and the server. Earlier tests' last processes may still go.
  await until("two more processes", countProcesses, (now) => now - before <= 2);
  expect(await answer("127.0.0.1", 8085)).toBe("many");
  await docker("rm", "-f", "many");
  expect(await machine().text(["nft", "list", "ruleset"])).not.toContain("20100");
});

test("--network host, none and container: share or withhold the network", async () => {
  expect(await docker("run", "--rm", "--network", "host", "busybox", "ip", "-o", "link")).toContain("cable");
  const links = await docker("run", "--rm", "--network", "none", "busybox", "ip", "-o", "link");
  expect(links.trim().split("\n")).toHaveLength(1);
  await server("peer");
  await client("guest", "--network", "container:peer");
  expect(await answerInside("guest", "127.0.0.1")).toBe("peer");
  const orphan = await daemon().docker("run", "--rm", "--network", "container:nosuch", "busybox", "true");
  expect(orphan.exitCode).toBe(125);
  expect(orphan.stderr).toContain("No such container: nosuch");
  await docker("rm", "-f", "guest", "peer");
});

test("hosts, hostname and resolv.conf are made for the container", async () => {
  const flags = [
    "-h",
    "box",
    "--add-host",
    "db:10.9.8.7",
    "--dns",
    "10.1.1.1",
    "--dns-search",
    "corp.example",
    "--dns-option",
    "ndots:2",
  ];
  const files = await docker(
    "run",
    "--rm",
    ...flags,
    "busybox",
    "cat",
    "/etc/hosts",
    "/etc/hostname",
    "/etc/resolv.conf",
  );
  expect(files).toContain("127.0.0.1\tlocalhost");
  expect(files).toContain("10.9.8.7\tdb");
  expect(files).toMatch(/\n\d+\.\d+\.\d+\.\d+\tbox\n/);
  expect(files).toContain("nameserver 10.1.1.1");
  expect(files).toContain("search corp.example");
  expect(files).toContain("options ndots:2");
});

test("network ls and inspect show the predefined networks as Docker does", async () => {
  const names = (await docker("network", "ls", "--format", "{{.Name}} {{.Driver}}")).split("\n").sort();
  expect(names).toEqual(["bridge bridge", "host host", "none null"]);
  expect((await daemon().docker("network", "rm", "bridge")).stderr).toContain(
    "is a pre-defined network and cannot be removed",
  );
});

test("user-defined networks: own subnet, isolation from the default bridge, connect and disconnect", async () => {
  await docker("network", "create", "--subnet", "10.77.0.0/24", "blue");
  await server("inblue", "--network", "blue");
  const address = await addressOf("inblue", "blue");
  expect(address).toStartWith("10.77.0.");
  await client("mate", "--network", "blue");
  expect(await answerInside("mate", address)).toBe("inblue");
  await client("both");
  expect(await isRefusedInside("both", address)).toBe(true);
  await docker("network", "connect", "blue", "both");
  expect(await answerInside("both", address)).toBe("inblue");
  await docker("network", "disconnect", "blue", "both");
  expect(await isRefusedInside("both", address)).toBe(true);
  expect((await daemon().docker("network", "rm", "blue")).stderr).toContain("has active endpoints");
  await docker("rm", "-f", "inblue", "mate", "both");
  await docker("network", "rm", "blue");
});

test("a container cannot reach what listens on the host's 127.0.0.1", async () => {
  const stop = await listen([], "tcp", "8086", "secret");
  await client("prober", "--cap-add", "NET_ADMIN");
  const gateway = await docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", "bridge");
  const script = `ip route del local 127.0.0.1 table local; ip addr flush dev lo; ip route add 127.0.0.1/32 via ${gateway}; netcheck get tcp 127.0.0.1 8086`;
  const attempt = await daemon().docker("exec", "prober", "sh", "-c", script);
  await stop();
  expect(attempt.stdout).not.toContain("secret");
  await docker("rm", "-f", "prober");
});

test("-p of a container on two networks is reached by the host's address in either, and it still speaks as nobody else", async () => {
  const gateway = (name: string) =>
    docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", name);
  const names = ["aside", "yonder"];
  for (const name of names) await docker("network", "create", name);
  await server("both", "--network", "aside", "-p", "8090:80");
  await docker("network", "connect", "yonder", "both");
  const neighbour = await client("neighbour", "--network", "yonder").then(() =>
    addressOf("neighbour", "yonder"),
  );
  for (const name of names) expect(await answer(await gateway(name), 8090)).toBe("both");
  const spoof = ["ip", "addr", "add", `${neighbour}/32`, "dev", "lo"];
  await docker("run", "--rm", "--network", "container:both", "--cap-add", "NET_ADMIN", "busybox", ...spoof);
  const asNeighbour = ["run", "--rm", "--network", "container:both", "busybox", "ping", "-I", neighbour];
  expect((await daemon().docker(...asNeighbour, "-c1", "-W1", await gateway("yonder"))).exitCode).not.toBe(0);
  await docker("network", "disconnect", "yonder", "both");
  for (const name of names) expect(await answer(await gateway(name), 8090)).toBe("both");
  await docker("rm", "-f", "both", "neighbour");
  await docker("network", "rm", ...names);
});

testNothingIsLeft(daemon);
