import { expect, test } from "bun:test";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);

const client = (name: string, ...flags: string[]) =>
  docker("run", "-d", "--name", name, ...flags, "busybox", "sleep", "1000");

/** Addresses a program in the container gets for a name, sorted; none when the name is not known. */
async function lookup(container: string, name: string): Promise<string[]> {
  const { stdout } = await daemon().docker("exec", container, "nslookup", name);
  const answers = stdout.slice(stdout.indexOf("\nName:"));
  const found = [...answers.matchAll(/^Address(?: \d+)?: (\S+)$/gm)].map(([, address]) => address!);
  return stdout.includes("\nName:") ? [...new Set(found)].sort() : [];
}

const addressOf = (container: string, network: string) =>
  docker("inspect", "-f", `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`, container);

test("containers of a user-defined network find each other by name, alias, short id and host name", async () => {
  await docker("network", "create", "back");
  const id = await client("web", "--network", "back", "--network-alias", "www", "--hostname", "webhost");
  await client("app", "--network", "back");
  const address = await addressOf("web", "back");
  for (const name of ["web", "www", "webhost", "WEB", "web.back", id.slice(0, 12)])
    expect([name, await lookup("app", name)]).toEqual([name, [address]]);
  const names = await docker("inspect", "-f", "{{json .NetworkSettings.Networks.back.DNSNames}}", "web");
  expect(JSON.parse(names)).toEqual(["web", "www", id.slice(0, 12), "webhost"]);
  expect(await docker("exec", "app", "cat", "/etc/resolv.conf")).toContain("nameserver 127.0.0.11\n");
});

test("a name that several containers have resolves to all of them, and to fewer when one goes", async () => {
  await client("one", "--network", "back", "--network-alias", "pool");
  await client("two", "--network", "back", "--network-alias", "pool");
  const addresses = [await addressOf("one", "back"), await addressOf("two", "back")].sort();
  expect(await lookup("app", "pool")).toEqual(addresses);
  const left = await addressOf("two", "back");
  await docker("rm", "-f", "one");
  expect(await lookup("app", "pool")).toEqual([left]);
  expect(await lookup("app", "one")).toEqual([]);
  await docker("rename", "two", "three");
  expect(await lookup("app", "three")).toEqual([left]);
  await docker("rm", "-f", "three");
});

test("names end at the network's edge, and follow connect and disconnect while running", async () => {
  await docker("network", "create", "front");
  await client("outside", "--network", "front");
  await client("plain");
  expect(await lookup("outside", "web")).toEqual([]);
  expect(await docker("exec", "plain", "cat", "/etc/resolv.conf")).not.toContain("127.0.0.11");
  await docker("network", "connect", "--alias", "late", "back", "outside");
  await docker("network", "connect", "back", "plain");
  expect(await lookup("outside", "web")).toEqual([await addressOf("web", "back")]);
  expect(await lookup("plain", "web")).toEqual([await addressOf("web", "back")]);
  expect(await lookup("web", "late")).toEqual([await addressOf("outside", "back")]);
  await docker("network", "disconnect", "back", "outside");
  expect(await lookup("web", "late")).toEqual([]);
  await docker("rm", "-f", "outside", "plain");
  await docker("network", "rm", "front");
});

test("--link gives another container a second name in a user-defined network", async () => {
  await client("linked", "--network", "back", "--link", "web:store");
  expect(await lookup("linked", "store")).toEqual([await addressOf("web", "back")]);
  expect(await lookup("app", "store")).toEqual([]);
  await docker("rm", "-f", "linked");
});

test("the host has a name in every network", async () => {
  await client("plain");
  const hosts = await docker("exec", "plain", "cat", "/etc/hosts");
  for (const name of ["host.docker.internal", "host.wharf.internal"]) {
    expect(hosts).toContain(name);
    expect(await lookup("app", name)).toHaveLength(1);
  }
  expect(await docker("run", "--rm", "--network", "host", "busybox", "cat", "/etc/hosts")).toContain(
    "127.0.0.1\thost.docker.internal",
  );
  await docker("rm", "-f", "plain");
});

test("a container may be a name server itself", async () => {
  await docker("run", "-d", "--name", "server", "--network", "back", "busybox", "nc", "-l", "-p", "53");
  expect(await docker("inspect", "-f", "{{.State.Running}}", "server")).toBe("true");
  expect(await lookup("server", "web")).toEqual([await addressOf("web", "back")]);
  await docker("rm", "-f", "server");
});

test("names go on resolving while the daemon is gone, and a daemon that comes back finds them", async () => {
  const address = await addressOf("web", "back");
  const pid = await docker("inspect", "-f", "{{.State.Pid}}", "app");
  await daemon().kill();
  const inside = ["nsenter", "-t", pid, "-n", "busybox", "nslookup", "web", "127.0.0.11"];
  expect((await daemon().machine.run(inside)).stdout).toContain(`Address: ${address}`);
  await daemon().start();
  expect(await lookup("app", "web")).toEqual([address]);
  await client("later", "--network", "back");
  expect(await lookup("app", "later")).toEqual([await addressOf("later", "back")]);
  await docker("rm", "-f", "later");
});

test("a name server that dies is replaced and knows everything again", async () => {
  const address = await addressOf("web", "back");
  const { stdout } = await daemon().machine.run(["pgrep", "-f", "name-server .*names.sock"]);
  await daemon().machine.run(["kill", "-9", ...stdout.trim().split("\n")]);
  const found = await until(
    "names after a crash",
    () => lookup("app", "web"),
    (addresses) => addresses.length > 0,
  );
  expect(found).toEqual([address]);
  await docker("rm", "-f", "web", "app");
  await docker("network", "rm", "back");
});

testNothingIsLeft(daemon);
