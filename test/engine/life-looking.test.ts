import { expect, test } from "bun:test";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);
const lines = async (...args: string[]) => (await docker(...args)).split("\n").filter((line) => line !== "");

test("legacy links: variables, hosts, names, rename and a new address", async () => {
  await docker("run", "-d", "--name", "db", "--expose", "80", "-e", "FOO=bar", "busybox", "sleep", "1000");
  await docker("run", "-d", "--name", "web", "--link", "db:my-db", "busybox", "sleep", "1000");
  const ip = () => docker("inspect", "-f", "{{.NetworkSettings.Networks.bridge.IPAddress}}", "db");
  const env = await lines("exec", "web", "env");
  expect(env).toEqual(
    expect.arrayContaining([
      `MY_DB_PORT=tcp://${await ip()}:80`,
      `MY_DB_PORT_80_TCP_ADDR=${await ip()}`,
      "MY_DB_NAME=/web/my-db",
      "MY_DB_ENV_FOO=bar",
    ]),
  );
  const short = (await docker("inspect", "-f", "{{.Id}}", "db")).slice(0, 12);
  expect(await docker("exec", "web", "cat", "/etc/hosts")).toContain(`${await ip()}\tmy-db ${short} db\n`);
  expect(await docker("ps", "--no-trunc", "--filter", "name=^/db$", "--format", "{{.Names}}")).toBe(
    "db,web/my-db",
  );
  await docker("rename", "db", "data");
  expect(await docker("inspect", "-f", "{{json .HostConfig.Links}}", "web")).toBe('["/data:/web/my-db"]');
  await docker("stop", "-t", "0", "data");
  await docker("run", "-d", "--name", "thief", "busybox", "sleep", "1000"); // takes the address, perhaps
  await docker("start", "data");
  const now = await docker("inspect", "-f", "{{.NetworkSettings.Networks.bridge.IPAddress}}", "data");
  expect(await docker("exec", "web", "cat", "/etc/hosts")).toContain(`${now}\tmy-db`);
  await docker("stop", "-t", "0", "web", "data");
  expect((await daemon().docker("start", "web")).stderr).toContain(
    "Cannot link to a non running container: /data AS /web/my-db",
  );
  await docker("rm", "-f", "web", "data", "thief");
});

test("ps --filter: every key", async () => {
  await docker("network", "create", "looks");
  await docker(
    ...["run", "-d", "--name", "one", "-p", "8470:80", "--expose", "99/udp", "-v", "data:/v"],
    ...["-l", "color=red", "--health-cmd", "true", "busybox", "sleep", "1000"],
  );
  await docker("create", "--name", "two", "-l", "color=blue", "--network", "looks", "busybox", "top");
  await daemon().docker("run", "--name", "three", "busybox", "sh", "-c", "exit 3");
  const id = await docker("inspect", "-f", "{{.Id}}", "two");
  const found = async (...filters: string[]) =>
    (
      await lines("ps", "-a", "--format", "{{.Names}}", ...filters.flatMap((filter) => ["--filter", filter]))
    ).sort();
  const table: [string[], string[]][] = [
    [["ancestor=busybox"], ["one", "three", "two"]],
    [["ancestor=busybox:latest"], ["one", "three", "two"]],
    [["ancestor=nothing"], []],
    [["before=three"], ["one", "two"]],
    [["since=one"], ["three", "two"]],
    [["since=one", "before=three"], ["two"]],
    [["exited=3"], ["three"]],
    [["exited=0"], []],
    [["exited=0", "exited=3"], ["three"]],
    [["health=starting", "health=healthy"], ["one"]],
    [["health=none"], ["three", "two"]],
    [[`id=${id.slice(0, 10)}`], ["two"]],
    [["is-task=true"], []],
    [["is-task=false"], ["one", "three", "two"]],
    [["label=color"], ["one", "two"]],
    [["label=color=red"], ["one"]],
    [["label=color=red", "label=color=blue"], []],
    [["name=^t"], ["three", "two"]],
    [
      ["name=one", "name=two"],
      ["one", "two"],
    ],
    [["network=looks"], ["two"]],
    [["network=bridge"], ["one", "three"]],
    [["publish=8470"], ["one"]],
    [["publish=8000-9000/tcp"], ["one"]],
    [["publish=80"], []],
    [["expose=99/udp"], ["one"]],
    [["expose=80"], ["one"]],
    [["status=created"], ["two"]],
    [
      ["status=created", "status=running"],
      ["one", "two"],
    ],
    [["volume=data"], ["one"]],
    [["volume=/v"], ["one"]],
  ];
  for (const [filters, names] of table) expect([filters, await found(...filters)]).toEqual([filters, names]);
  expect(await lines("ps", "-n", "1", "--format", "{{.Names}}")).toEqual(["three"]);
  expect(await lines("ps", "-l", "--format", "{{.Names}} {{.State}}")).toEqual(["three exited"]);
  expect(await docker("ps", "-as", "--filter", "name=two", "--format", "{{.Size}}")).toStartWith(
    "0B (virtual ",
  );
  for (const wrong of [
    "status=x",
    "exited=x",
    "health=x",
    "publish=x",
    "is-task=maybe",
    "before=nothing",
    "x=y",
  ])
    expect((await daemon().docker("ps", "--filter", wrong)).exitCode).toBe(1);
  await docker("rm", "-f", "one", "two", "three");
  await docker("network", "rm", "looks");
  await docker("volume", "rm", "data");
});

test("events are kept across a restart of the daemon, and filtered", async () => {
  const before = (await daemon().machine.text(["date", "+%s.%N"])).trim();
  await docker("run", "--name", "told", "-l", "k=v", "busybox", "sh", "-c", "exit 4").catch(() => {});
  await docker("rm", "told");
  await daemon().kill("SIGKILL");
  await daemon().start();
  const after = (await daemon().machine.text(["date", "+%s.%N"])).trim();
  const events = (...filters: string[]) =>
    lines(
      ...["events", "--since", before, "--until", after],
      ...["--format", "{{.Type}} {{.Action}}{{with .Actor.Attributes.exitCode}} {{.}}{{end}}"],
      ...filters.flatMap((filter) => ["--filter", filter]),
    );
  const life = ["create", "attach", "start", "die 4", "destroy"].map((action) => `container ${action}`);
  expect(await events("container=told")).toEqual(expect.arrayContaining(life));
  expect(await events("type=container", "label=k=v", "event=die")).toEqual(["container die 4"]);
  expect(await events("type=container", "image=busybox", "event=start", "event=destroy")).toEqual([
    "container start",
    "container destroy",
  ]);
  expect(await events("type=network", "network=bridge")).toEqual(["network connect", "network disconnect"]);
  expect(await events("label=k=other")).toEqual([]);
  expect(await events("scope=swarm")).toEqual([]);
  expect((await daemon().docker("events", "--until", "0", "--filter", "nosuch=1")).stderr).toContain(
    "invalid filter",
  );
});

testNothingIsLeft(daemon);
