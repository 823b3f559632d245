import { expect, test } from "bun:test";
import { startDaemon } from "../helpers/daemon.ts";
import { until } from "../helpers/suite.ts";

const STEADY = ["busybox", "sh", "-c", "trap 'exit 3' TERM; while :; do sleep 0.05; done"];

test("--live-restore=false: containers end with the daemon, and policies bring them back", async () => {
  await using d = await startDaemon({ flags: ["--live-restore=false"] });
  expect(await d.dockerText("info", "-f", "{{.LiveRestoreEnabled}}")).toBe("false");
  await d.dockerText("run", "-d", "--name", "plain", ...STEADY);
  await d.dockerText("run", "-d", "--name", "back", "--restart", "unless-stopped", ...STEADY);
  await d.dockerText("run", "-d", "--rm", "--name", "fleeting", ...STEADY);
  await d.kill("SIGTERM");
  expect((await d.machine.run(["pgrep", "-f", "wharf-shim"])).stdout).toBe("");
  await d.start();
  const status = (name: string) => d.dockerText("inspect", "-f", "{{.State.Status}}", name);
  await until(
    "back",
    () => status("back"),
    (now) => now === "running",
  );
  expect(await d.dockerText("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "plain")).toBe(
    "exited 3",
  );
  expect(await d.dockerText("ps", "-aq", "--filter", "name=fleeting")).toBe("");

  await d.dockerText("start", "plain"); // and once more, when the daemon could not say goodbye
  await d.kill("SIGKILL");
  await d.start();
  expect(await status("plain")).toBe("exited");
  await until(
    "back again",
    () => status("back"),
    (now) => now === "running",
  );
  await d.dockerText("rm", "-f", "plain", "back");
});

test("at the daemon's start containers begin in the order of what they depend on", async () => {
  await using d = await startDaemon({ flags: ["--live-restore=false"] });
  const always = ["--restart", "always"];
  const compose = (service: string, dependsOn = "") => [
    ...["--label", "com.docker.compose.project=shop", "--label", `com.docker.compose.service=${service}`],
    ...["--label", `com.docker.compose.depends_on=${dependsOn}`],
  ];
  const ready = ["--health-cmd", "true", "--health-interval", "300ms"];
  await d.dockerText("run", "-d", "--name", "db", ...always, ...ready, ...compose("db"), ...STEADY);
  await d.dockerText(
    "run",
    "-d",
    "--name",
    "web",
    ...always,
    ...compose("web", "db:service_healthy:false"),
    ...STEADY,
  );
  await d.dockerText("run", "-d", "--name", "side", ...always, "--network", "container:web", ...STEADY);
  await d.dockerText(
    "run",
    "-d",
    "--name",
    "last",
    ...always,
    "--annotation",
    "wharf.depends-on=side",
    ...STEADY,
  );
  await d.kill("SIGTERM");
  const since = (await d.machine.text(["date", "+%s.%N"])).trim();
  await d.start();
  await until(
    "all are back",
    () => d.dockerText("ps", "-q"),
    (ids) => ids.split("\n").length === 4,
  );
  const now = (await d.machine.text(["date", "+%s.%N"])).trim();
  const events = await d.dockerText(
    ...["events", "--since", since, "--until", now, "--filter", "type=container"],
    ...["--format", "{{.Actor.Attributes.name}} {{.Action}}"],
  );
  const story = events.split("\n").filter((line) => / start$|health_status: healthy$/.test(line));
  expect(story).toEqual(["db start", "db health_status: healthy", "web start", "side start", "last start"]);
  await d.dockerText("rm", "-f", "db", "web", "side", "last");
});

test("exec sessions go on without the daemon, and how they ended is known to the next", async () => {
  await using d = await startDaemon();
  await d.dockerText("run", "-d", "--name", "host", "busybox", "sleep", "1000");
  const begin = async (script: string) => {
    const { json } = await d.api("POST", "/containers/host/exec", { Cmd: ["sh", "-c", script] });
    const { Id } = json as { Id: string };
    expect((await d.api("POST", `/exec/${Id}/start`, { Detach: true })).status).toBe(200);
    return Id;
  };
  const inspect = async (id: string) => (await d.api("GET", `/exec/${id}/json`)).json;
  const ends = await begin("while [ ! -e /go ]; do sleep 0.05; done; exit 9");
  const stays = await begin("while [ ! -e /stop ]; do sleep 0.05; done; exit 4");
  const root = `/proc/${await d.dockerText("inspect", "-f", "{{.State.Pid}}", "host")}/root`;
  await d.kill("SIGTERM");
  await d.machine.text(["touch", `${root}/go`]);
  await until(
    "it has ended",
    async () => (await d.machine.run(["pgrep", "-f", "while . ! -e /go"])).stdout,
    (pids) => pids === "",
  );
  await d.start();
  expect(await inspect(ends)).toMatchObject({ Running: false, ExitCode: 9 });
  expect(await inspect(stays)).toMatchObject({ Running: true, ExitCode: null });
  await d.kill("SIGKILL");
  await d.start();
  expect(await d.dockerText("inspect", "-f", "{{.ExecIDs}}", "host")).toBe(`[${stays}]`);
  await d.machine.text(["touch", `${root}/stop`]);
  await until(
    "the other has ended",
    () => inspect(stays),
    (now) => (now as { ExitCode: number | null }).ExitCode === 4,
  );
  await d.dockerText("rm", "-f", "host");
});

test("another executable takes over: processes, ports, logs and states are as they were", async () => {
  await using d = await startDaemon();
  await d.dockerText(
    "run",
    "-d",
    "--name",
    "web",
    "-p",
    "8480:80",
    "busybox",
    "netcheck",
    "serve",
    "tcp",
    "80",
    "up",
  );
  await d.dockerText("run", "-d", "--name", "paused", ...STEADY);
  // Bit 14 of the mask: before its shell has set the trap, the first process is deaf to SIGTERM.
  await until(
    "trapped",
    () => d.docker("exec", "paused", "grep", "SigCgt", "/proc/1/status"),
    ({ stdout }) => /[4-7c-f][0-9a-f]{3}$/.test(stdout.trim()),
  );
  await d.dockerText("pause", "paused");
  const states = () =>
    d.dockerText("inspect", "-f", "{{.State.Status}} {{.State.Pid}} {{.State.StartedAt}}", "web", "paused");
  const before = await states();
  const directory = d.machine.directory;
  await d.machine.text([
    "sh",
    "-c",
    'pid=$(cat "$0/wharf.pid"); tr "\\0" "\\n" </proc/$pid/cmdline | tail -n +2 >"$0/arguments"; cp "$(readlink /proc/$pid/exe)" "$0/wharf-next"',
    directory,
  ]);
  await d.kill("SIGTERM");
  await d.machine.text([
    "sh",
    "-c",
    'set --; while read -r line; do set -- "$@" "$line"; done <"$0/arguments"; setsid "$0/wharf-next" "$@" >>"$0/daemon.log" 2>&1 </dev/null &',
    directory,
  ]);
  await until(
    "the next one answers",
    async () => (await d.docker("version")).exitCode,
    (code) => code === 0,
  );
  expect(await states()).toBe(before);
  const netcheck = await d.docker("exec", "web", "netcheck", "get", "tcp", "127.0.0.1", "80");
  expect(netcheck.stdout).toStartWith("up");
  await d.dockerText("unpause", "paused");
  await d.dockerText("stop", "paused");
  expect(await d.dockerText("inspect", "-f", "{{.State.ExitCode}}", "paused")).toBe("3");
  await d.dockerText("rm", "-f", "web", "paused");
  await d.machine.text(["sh", "-c", 'kill "$(cat "$0/wharf.pid")"', directory]);
});
