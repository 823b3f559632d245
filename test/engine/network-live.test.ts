/** Ports and networks that change while a container runs. */
import { expect, test } from "bun:test";
import { ADD_NEIGHBOUR, HOST_ADDRESS, NEIGHBOUR, useNetCheck } from "../helpers/netcheck.ts";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon({ prepare: ADD_NEIGHBOUR });
const docker = (...args: string[]) => daemon().dockerText(...args);
const wharf = (...args: string[]) => daemon().wharfText(...args);
const { server, answer, get } = useNetCheck(daemon);
const isClosed = async (port: number) => (await get("127.0.0.1", port)).exitCode !== 0;

test("update --publish-add and --publish-rm change a running container's ports, and every client sees it", async () => {
  const since = String(Math.floor(Date.now() / 1000) - 1);
  await server("web", "-p", "8101:80");
  await answer("127.0.0.1", 8101);
  await wharf("update", "--publish-add", "8102:80", "--publish-add", "127.0.0.1:8103:80", "web");
  const seen = await answer(HOST_ADDRESS, 8102, { from: NEIGHBOUR });
  expect(seen).toEqual({ name: "web", peer: "198.18.0.2" });
  await answer("::1", 8102);
  await answer("127.0.0.1", 8103);
  expect((await get(HOST_ADDRESS, 8103, { from: NEIGHBOUR })).exitCode).not.toBe(0);
  expect((await docker("port", "web", "80/tcp")).split("\n").sort()).toEqual([
    "0.0.0.0:8101",
    "0.0.0.0:8102",
    "127.0.0.1:8103",
    "[::]:8101",
    "[::]:8102",
  ]);
  expect(await docker("ps", "--format", "{{.Ports}}")).toContain("127.0.0.1:8103->80/tcp");
  const bindings = await docker("inspect", "-f", "{{json .HostConfig.PortBindings}}", "web");
  expect(JSON.parse(bindings)["80/tcp"].map((one: { HostPort: string }) => one.HostPort)).toEqual([
    "8101",
    "8102",
    "8103",
  ]);

  await wharf("update", "--publish-rm", "8101:80", "--memory", "64m", "web");
  expect(await isClosed(8101)).toBe(true);
  await answer("127.0.0.1", 8102);
  expect(await docker("inspect", "-f", "{{.HostConfig.Memory}}", "web")).toBe(String(64 << 20));

  const until = String(Math.floor(Date.now() / 1000) + 2);
  const filter = ["--since", since, "--until", until, "--filter", "container=web"];
  const events = (await docker("events", ...filter, "--format", "{{json .}}"))
    .split("\n")
    .map((line) => JSON.parse(line) as { Action: string; Actor: { Attributes: { ports?: string } } });
  const told = events.filter(({ Action }) => Action.endsWith("publish"));
  expect(told.map(({ Action, Actor }) => `${Action} ${Actor.Attributes.ports}`)).toEqual([
    "publish 0.0.0.0:8102->80/tcp, [::]:8102->80/tcp, 127.0.0.1:8103->80/tcp",
    "unpublish 0.0.0.0:8101->80/tcp, [::]:8101->80/tcp",
  ]);
});

test("changed ports outlive restarts of the daemon and of the container", async () => {
  await daemon().kill("SIGKILL");
  await answer("127.0.0.1", 8102);
  await daemon().start();
  await answer("127.0.0.1", 8103);
  expect(await isClosed(8101)).toBe(true);
  await docker("restart", "-t", "0", "web");
  await answer("127.0.0.1", 8102);
  expect(await isClosed(8101)).toBe(true);
  await docker("stop", "-t", "0", "web");
  await wharf("update", "--publish-rm", "8103:80", "--publish-add", "8104-8105:80", "web");
  await docker("start", "web");
  await answer("127.0.0.1", 8104);
  expect(await isClosed(8103)).toBe(true);
});

test("a port that is taken is refused with its owner, and nothing of the change stands", async () => {
  await server("other", "-p", "8106:80");
  const refused = await daemon().wharf(
    "update",
    "--publish-add",
    "8107:80",
    "--publish-add",
    "8106:80",
    "web",
  );
  expect(refused.exitCode).not.toBe(0);
  expect(refused.stderr).toContain("failed to set up container networking: driver failed programming");
  expect(refused.stderr).toContain(
    "Bind for 0.0.0.0:8106 failed: port is already allocated (container other has it)",
  );
  expect(await isClosed(8107)).toBe(true);
  expect(await docker("inspect", "-f", "{{json .HostConfig.PortBindings}}", "web")).not.toContain("8107");
  expect((await answer("127.0.0.1", 8106)).name).toBe("other");
  // A port may change hands inside one change, also to another port of the same container.
  await wharf("update", "--publish-rm", "8102:80", "--publish-add", "8102:81", "web");
  expect(await docker("port", "web", "81/tcp")).toContain("0.0.0.0:8102");
  const missing = await daemon().wharf("update", "--publish-rm", "9999:80", "web");
  expect(missing.stderr).toContain("container web does not publish 80/tcp on 9999");
  await docker("rm", "-f", "web", "other");
});

test("-P gives ports of which one can be withdrawn, and containers without a way in are refused", async () => {
  await docker(
    "run",
    "-d",
    "--name",
    "all",
    "-P",
    "--expose",
    "80",
    "--expose",
    "81",
    "busybox",
    "sleep",
    "900",
  );
  await wharf("update", "--publish-rm", "81", "all");
  expect(await docker("port", "all")).not.toContain("81/tcp");
  expect(await docker("port", "all")).toContain("80/tcp");
  await docker("run", "-d", "--name", "inhost", "--network", "host", "busybox", "sleep", "900");
  expect((await daemon().wharf("update", "--publish-add", "80", "inhost")).stderr).toContain(
    "container inhost publishes no ports: its network is host",
  );
  await docker("network", "create", "--internal", "closed");
  await docker("run", "-d", "--name", "shut", "--network", "closed", "busybox", "sleep", "900");
  expect((await daemon().wharf("update", "--publish-add", "80", "shut")).stderr).toContain(
    "no network leads to it",
  );
  await docker("rm", "-f", "all", "inhost", "shut");
  await docker("network", "rm", "closed");
});

testNothingIsLeft(daemon);
