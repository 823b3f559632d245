/** The verbs of `wharf compose` besides up and down, on one project. */
import { expect, test } from "bun:test";
import { POLITE, type TestProject, writeProject } from "../helpers/compose.ts";
import { WHARF } from "../helpers/daemon.ts";
import { until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);

const YAML = `
services:
  web:
    image: busybox
    command: sh -c "trap exit TERM; echo web speaks; echo web errs >&2; while :; do sleep 1 & wait; done"
    init: true
    ports: ["127.0.0.1:18080:80"]
    environment: {FROM: file}
    volumes: ["data:/data"]
  db:
    image: busybox
    command: ${POLITE}
    stop_grace_period: 1s
    depends_on: {web: {condition: service_started, restart: true}}
volumes: {data: {}}
`;

let app: TestProject;
const states = async () =>
  (await app.text("ps", "-a", "--format", "{{.Service}}={{.State}}")).split("\n").sort().join(" ");

test("create makes containers, start starts them, and they are listed in every form", async () => {
  app = await writeProject(daemon(), "app", YAML);
  await app.text("create");
  expect(await states()).toBe("db=created web=created");
  await app.text("start");
  expect(await states()).toBe("db=running web=running");
  expect(await app.text("ps", "--services")).toBe("db\nweb");
  expect((await app.text("ps", "-q")).split("\n")).toHaveLength(2);
  expect(await app.text("ps", "--status", "exited", "-q")).toBe("");
  const [row] = (await app.text("ps", "--format", "json", "web")).split("\n").map((line) => JSON.parse(line));
  expect(row).toMatchObject({
    Name: "app-web-1",
    Service: "web",
    State: "running",
    Publishers: [{ URL: "127.0.0.1", TargetPort: 80, PublishedPort: 18080, Protocol: "tcp" }],
  });
  expect(await app.text("port", "web", "80")).toBe("127.0.0.1:18080");
  expect(await app.text("images", "-q")).toMatch(/^[0-9a-f]{64}$/);
  expect(await app.text("volumes", "-q")).toBe("app_data");
  expect(JSON.parse(await app.text("ls", "--format", "json"))).toEqual([
    { Name: "app", Status: "running(2)", ConfigFiles: `${app.directory}/compose.yaml` },
  ]);
  expect(await app.text("top", "web")).toContain("CMD");
  expect(await app.text("stats", "--no-stream", "--format", "{{.Name}}", "web")).toBe("app-web-1");
});

test("logs names each line's container, in columns", async () => {
  const lines = (text: string) => text.split("\n").filter(Boolean);
  const { stdout, stderr } = await until(
    "what web wrote",
    () => app.compose("logs"),
    (result) => result.stdout !== "" && result.stderr !== "",
  );
  expect([lines(stdout), lines(stderr)]).toEqual([["web-1  | web speaks"], ["web-1  | web errs"]]);
  expect((await app.compose("logs", "--no-log-prefix", "-n", "1", "web")).stderr).toBe("web errs\n");
  expect((await app.compose("logs", "--index", "4", "web")).stderr).toContain("not running container #4");
});

test("exec and cp reach into a running container", async () => {
  expect(
    await app.text(
      "exec",
      "-T",
      "-e",
      "A=b",
      "-w",
      "/tmp",
      "-u",
      "7",
      "web",
      "sh",
      "-c",
      "echo $A; pwd; id -u",
    ),
  ).toBe("b\n/tmp\n7");
  expect((await app.compose("exec", "-T", "web", "sh", "-c", "exit 9")).exitCode).toBe(9);
  await app.writeFile("up", "copied");
  await app.text("cp", `${app.directory}/up`, "web:/data/up");
  await app.text("cp", "web:/data/up", `${app.directory}/down`);
  expect(await daemon().machine.text(["cat", `${app.directory}/down`])).toBe("copied");
  expect((await app.compose("exec", "nosuch", "true")).stderr).toContain('service "nosuch" is not running');
});

test("run makes a container for one command, with what its flags change", async () => {
  const run = (...args: string[]) => app.text("run", "--rm", "-T", "--quiet", ...args);
  expect(await run("-e", "MORE=x", "web", "sh", "-c", "echo $FROM $MORE; ls /data")).toBe("file x\nup");
  expect(await run("--no-deps", "--entrypoint", "echo", "-l", "k=v", "db", "hello")).toBe("hello");
  expect((await app.compose("run", "--rm", "-T", "web", "sh", "-c", "exit 5")).exitCode).toBe(5);
  const alone = await app.text(
    "run",
    "-d",
    "--name",
    "alone",
    "-p",
    "127.0.0.1:18081:81",
    "web",
    "sleep",
    "1000",
  );
  expect(alone).toBe(await docker("inspect", "-f", "{{.Id}}", "alone"));
  const [labels, ports] = JSON.parse(
    await docker("inspect", "-f", "[{{json .Config.Labels}}, {{json .HostConfig.PortBindings}}]", "alone"),
  );
  expect(labels).toMatchObject({ "com.docker.compose.oneoff": "True", "com.docker.compose.service": "web" });
  expect(ports).toEqual({ "81/tcp": [{ HostIp: "127.0.0.1", HostPort: "18081" }] });
  expect(await app.text("ps", "-q", "web")).not.toContain(await docker("inspect", "-f", "{{.Id}}", "alone"));
  await docker("rm", "-f", "alone");
});

test("pause, kill, stop, restart and rm do what they say, in the order of dependencies", async () => {
  await app.text("pause", "web");
  expect(await states()).toBe("db=running web=paused");
  await app.text("unpause");
  await app.text("kill", "-s", "TERM", "db");
  await until("the end of db", states, (text) => text === "db=exited web=running");
  await app.text("start", "db");
  const started = () => docker("inspect", "-f", "{{.State.StartedAt}}", "app-db-1", "app-web-1");
  const [db, web] = (await started()).split("\n");
  await app.text("restart", "web"); // db asks to come along
  expect((await started()).split("\n").map((time, index) => time === [db, web][index])).toEqual([
    false,
    false,
  ]);
  const { stderr } = await app.compose("stop", "-t", "5");
  expect(stderr.indexOf("app-db-1 Stopped")).toBeLessThan(stderr.indexOf("app-web-1 Stopping"));
  expect(await states()).toBe("db=exited web=exited");
  expect(await app.text("rm", "-f", "db")).toBe("Going to remove app-db-1");
  expect(await states()).toBe("web=exited");
});

test("events tells what happened to the project's containers", async () => {
  const since = String(Math.floor(Date.now() / 1000) - 3600);
  const until_ = String(Math.floor(Date.now() / 1000) + 1);
  const lines = (await app.text("events", "--json", "--since", since, "--until", until_, "web")).split("\n");
  const actions = lines.map((line) => JSON.parse(line)).map(({ action, service }) => `${service} ${action}`);
  for (const action of ["create", "start", "die", "stop", "pause"])
    expect(actions).toContain(`web ${action}`);
});

test("wait gives the exit code; --down-project takes the rest down", async () => {
  await app.text("up", "-d");
  const waiting = app.compose("wait", "--down-project", "web");
  const kill = () => app.compose("kill", "-s", "KILL", "web");
  await until("web killed", kill, ({ exitCode }) => exitCode === 0);
  expect((await waiting).exitCode).toBe(137);
  expect(await app.text("ps", "-a", "-q")).toBe("");
});

const ATTACHED = `
services:
  fails: {image: busybox, command: sh -c "echo working; exit 3", depends_on: [stays]}
  stays: {image: busybox, command: sh -c "trap exit TERM; echo staying; while :; do sleep 1 & wait; done"}
`;

test("an attached up shows output, stops all when one ends, and gives that one's exit code", async () => {
  const attached = await writeProject(daemon(), "attached", ATTACHED);
  const { exitCode, stdout } = await attached.compose("up", "--abort-on-container-exit");
  expect(stdout).toContain("Attaching to fails-1, stays-1\n");
  expect(stdout).toContain("fails-1  | working\n");
  expect(stdout).toContain("stays-1  | staying\n");
  expect(stdout).toContain("fails-1 exited with code 3\n");
  expect(exitCode).toBe(3);
  expect((await attached.compose("up", "--exit-code-from", "fails", "--no-log-prefix")).exitCode).toBe(3);
  expect(await attached.text("ps", "-q")).toBe("");
  await attached.text("down", "-t", "0");
});

test("an interrupted up stops what it started", async () => {
  const attached = await writeProject(daemon(), "attached", ATTACHED.replace("exit 3", "exit 0"));
  const file = `${attached.directory}/compose.yaml`;
  const env = `DOCKER_HOST=unix://${daemon().socket}`;
  const argv = ["env", env, WHARF, "compose", "-p", "attached", "-f", file, "up"];
  const script = '"$@" >"$0/out" 2>&1 </dev/null & echo $! >"$0/pid"; wait $!; echo $? >"$0/code"';
  const running = daemon().machine.run(["sh", "-c", script, attached.directory, ...argv]);
  const read = async (name: string) =>
    (await daemon().machine.run(["cat", `${attached.directory}/${name}`])).stdout;
  await until(
    "stays-1 has spoken and fails-1 ended",
    () => read("out"),
    (text) => text.includes("staying") && text.includes("exited with code 0"),
  );
  await daemon().machine.text(["kill", "-INT", (await read("pid")).trim()]);
  await running;
  expect((await read("code")).trim()).toBe("130");
  expect(await read("out")).toContain("Gracefully Stopping... press Ctrl+C again to force");
  expect(await attached.text("ps", "-q")).toBe("");
  await attached.text("down", "-t", "0");
});

test("logs -f goes on until the containers have ended", async () => {
  const followed = await writeProject(
    daemon(),
    "followed",
    `
services:
  once:
    image: busybox
    command: sh -c "echo first; until [ -e /go ]; do sleep 0.1; done; echo last"`,
  );
  await followed.text("up", "-d");
  const following = followed.text("logs", "-f", "--no-color");
  await followed.text("exec", "-T", "once", "touch", "/go");
  const lines = (await following).split("\n");
  expect(lines).toContain("once-1  | first");
  expect(lines).toContain("once-1  | last");
  await followed.text("down", "-t", "0");
});

const REFUSED: [args: string[], says: string][] = [
  [["build"], "this version cannot build images"],
  [["watch"], "following source files comes with building"],
  [["up", "--build"], "--build: this version cannot build images"],
  [["up", "--watch"], "--watch: following source files"],
  [["up", "-d", "--abort-on-container-exit"], "--detach cannot be combined"],
  [["up", "--force-recreate", "--no-recreate"], "are incompatible"],
  [["up", "nosuch"], "no such service: nosuch"],
  [["ps", "--filter", "color=red"], "unknown filter color"],
  [["--progress", "loud", "up", "-d"], 'unsupported --progress value "loud"'],
  [["down", "--rmi", "some"], "invalid value for --rmi"],
  [["run", "--dry-run", "web"], "--dry-run is not possible here"],
  [["nosuchverb"], "unknown command: wharf compose nosuchverb"],
];

for (const [args, says] of REFUSED)
  test(`compose ${args.join(" ")} is refused with a reason`, async () => {
    const { exitCode, stderr } = await app.compose(...args);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(says)]);
  });

test("down by name alone takes the project as the engine knows it", async () => {
  await app.text("up", "-d");
  const { stderr } = await daemon().wharf("compose", "-p", "app", "down", "-v", "-t", "0");
  expect(stderr.indexOf("app-db-1 Removed")).toBeLessThan(stderr.indexOf("app-web-1 Stopping"));
  expect(await docker("ps", "-aq")).toBe("");
  expect(await docker("volume", "ls", "-q")).toBe("");
  expect(await docker("network", "ls", "--filter", "type=custom", "-q")).toBe("");
});
