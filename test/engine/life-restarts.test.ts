import { expect, test } from "bun:test";
import { join } from "node:path";
import { IS_DOCKERD, startDaemon } from "../helpers/daemon.ts";
import { until } from "../helpers/suite.ts";

/** A hundred were done by hand; `WHARF_TEST_RESTARTS` asks for any number. */
const RESTARTS = Number(process.env.WHARF_TEST_RESTARTS ?? 4);
const LOGGERS = 10;
const SERVERS = 10;
const FIRST_PORT = 7000;

const CLIENTS = join(import.meta.dir, "../programs/busy-clients.py");
const names = (kind: string, count: number) => Array.from({ length: count }, (_, i) => `${kind}${i}`);

test.skipIf(IS_DOCKERD || !Bun.which("python3"))(
  "the daemon comes and goes under 20 busy containers: no line, no connection, no state is lost",
  async () => {
    await using d = await startDaemon();
    const docker = (...args: string[]) => d.dockerText(...args);
    const lines = "i=0; trap 'exit 0' TERM; while :; do echo $i; i=$((i+1)); sleep 0.01; done";
    for (const name of names("log", LOGGERS))
      await docker("run", "-d", "--name", name, "busybox", "sh", "-c", lines);
    for (const [i, name] of names("srv", SERVERS).entries())
      await docker(
        ...["run", "-d", "--name", name, "-p", `${FIRST_PORT + i}:80`],
        ...["--health-cmd", "true", "--health-interval", "1s"],
        ...["busybox", "nc", "-ll", "-p", "80", "-e", "cat"],
      );
    const ports = names("", SERVERS).map((i) => String(FIRST_PORT + Number(i)));
    const clients = Bun.spawn(d.machine.enter(["python3", CLIENTS, ...ports]), {
      stdout: "pipe",
      stderr: "inherit",
    });
    const all = [...names("log", LOGGERS), ...names("srv", SERVERS)];
    const states = () =>
      docker(
        "inspect",
        "-f",
        "{{.Name}} {{.State.Status}} {{.State.Pid}} {{.State.StartedAt}} {{.RestartCount}}",
        ...all,
      );
    const exec = (await docker("exec", "-d", "log0", "sleep", "1000").then(() =>
      execsOf("log0"),
    )) as string[];
    async function execsOf(name: string): Promise<string[]> {
      return JSON.parse(await docker("inspect", "-f", "{{json .ExecIDs}}", name));
    }
    await until(
      "all are healthy",
      () => docker("ps", "-q", "--filter", "health=healthy"),
      (ids) => ids.split("\n").length === SERVERS,
    );
    const before = await states();

    for (let restart = 0; restart < RESTARTS; restart++) {
      await d.kill(restart % 2 === 0 ? "SIGKILL" : "SIGTERM");
      await d.start();
      expect(await states()).toBe(before);
    }

    const pids = await d.machine.run(["pkill", "-TERM", "-f", "busy-clients.py"]);
    expect(pids.exitCode).toBe(0);
    const counts = JSON.parse(await new Response(clients.stdout).text());
    expect(counts.failed).toEqual([]);
    expect(counts.kept).toBeGreaterThan(0);
    expect(counts.opened).toBeGreaterThan(0);
    expect(await execsOf("log0")).toEqual(exec);
    expect((await docker("ps", "-q", "--filter", "health=healthy")).split("\n")).toHaveLength(SERVERS);
    await docker("stop", ...names("log", LOGGERS));
    for (const name of names("log", LOGGERS)) {
      const log = (await docker("logs", name)).split("\n");
      expect(log).toEqual(log.map((_, i) => String(i)));
      expect(log.length).toBeGreaterThan(RESTARTS);
    }
    await docker("rm", "-f", ...all);
  },
);
