/** Every flag of the stock client's commands about a container's life, files and records, by its effect. */
import { describe, expect, test } from "bun:test";
import { flagsOf } from "../helpers/flag-table.ts";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon({ prepare: "printf word >/run/file; ln -s file /run/link" });
const docker = (...args: string[]) => daemon().docker(...args);
const text = (...args: string[]) => daemon().dockerText(...args);
const inspect = (format: string, name: string) => text("inspect", "-f", format, name);
const sh = (script: string) =>
  daemon().machine.text([
    "bash",
    "-c",
    `docker() { command docker -H unix://${daemon().socket} "$@"; }\n${script}`,
  ]);

const SLEEP = ["busybox", "sleep", "1000"];
/** Tells which signal came, and ends by it. */
const TELLING =
  'for s in TERM INT USR1; do trap "echo $s; exit 9" $s; done; echo ready; while :; do sleep 0.05; done';

/** A container that writes "ready" and then lives until a signal. */
async function startTelling(name: string, ...args: string[]): Promise<void> {
  await text("run", "-d", "--name", name, ...args, "busybox", "sh", "-c", TELLING);
  await until(
    "ready",
    () => text("logs", name),
    (log) => log.includes("ready"),
  );
}

/** The client on a terminal: types ctrl-x until it has left. */
const TYPE_CTRL_X = `
import os, pty, select, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
while True:
    if not select.select([fd], [], [], 0.2)[0]:
        os.write(fd, b"\\x18")
        continue
    try:
        if not os.read(fd, 4096):
            break
    except OSError:
        break
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;
const onTerminal = (...args: string[]) =>
  daemon().machine.run(["python3", "-c", TYPE_CTRL_X, "docker", "-H", `unix://${daemon().socket}`, ...args]);

/** By command; a name lists the flags that its test tries. */
const COMMANDS: Readonly<Record<string, Readonly<Record<string, () => Promise<void>>>>> = {
  attach: {
    "detach-keys": async () => {
      await text("run", "-dit", "--name", "on-terminal", ...SLEEP);
      const { exitCode } = await onTerminal("attach", "--detach-keys", "ctrl-x", "on-terminal");
      expect([0, 1]).toContain(exitCode); // "read escape sequence" is an error for some clients
      expect(await inspect("{{.State.Running}}", "on-terminal")).toBe("true");
    },
    "no-stdin": async () => {
      await text("run", "-di", "--name", "reads", "busybox", "sh", "-c", "cat; sleep 0.1; echo end");
      const attach = ["attach", "--no-stdin", "reads"];
      const attached = daemon().machine.run(["docker", "-H", `unix://${daemon().socket}`, ...attach], {
        input: "must not arrive\n",
      });
      await until(
        "attached",
        () => daemon().api("GET", `/events?since=0&until=${Date.now() / 1000}`),
        ({ text: events }) => /"attach".*"name":"reads"/.test(events),
      );
      await text("kill", "reads");
      expect((await attached).stdout).toBe("");
    },
    "sig-proxy": async () => {
      for (const [proxy, ends] of [
        ["true", "exited 9"],
        ["false", "running 0"],
      ] as const) {
        const name = `proxied-${proxy}`;
        await text(
          "run",
          "-d",
          "--name",
          name,
          "busybox",
          "sh",
          "-c",
          `trap 'exit 9' TERM; while :; do echo tick; sleep 0.05; done`,
        );
        const attach = `docker -H unix://${daemon().socket} attach --no-stdin --sig-proxy=${proxy} ${name}`;
        await sh(`out=$(mktemp); command ${attach} >$out 2>&1 </dev/null & p=$!
          until grep -q tick $out; do sleep 0.05; done; kill -TERM $p; ${proxy === "true" ? "" : "sleep 0.3; kill -KILL $p;"} wait $p || rm $out`);
        await until(
          name,
          () => inspect("{{.State.Status}} {{.State.ExitCode}}", name),
          (state) => state === ends,
        );
      }
    },
  },
  commit: {
    "author change message pause": async () => {
      await text("create", "--name", "changed", ...SLEEP);
      await text(
        "commit",
        "--author",
        "A <a@b>",
        "--message",
        "why",
        "--change",
        "ENV X=y",
        "--pause=false",
        "changed",
        "made",
      );
      const { json } = await daemon().api("GET", "/images/made/json");
      expect(json).toMatchObject({
        Author: "A <a@b>",
        Comment: "why",
        Config: { Env: expect.arrayContaining(["X=y"]) },
      });
      await text("rmi", "made");
    },
  },
  cp: {
    "archive follow-link quiet": async () => {
      await text("create", "--name", "files", "-u", "65534:100", ...SLEEP);
      await sh(
        "chown 1234:5678 /run/file; docker cp --quiet --archive /run/file files:/kept; docker cp /run/file files:/taken",
      );
      await sh("docker cp --follow-link /run/link files:/followed; docker cp /run/link files:/link");
      const listed = await sh(
        "docker export files | tar -tv --numeric-owner | grep -E ' (kept|taken|followed|link)( |$)'",
      );
      const line = (name: string) => listed.split("\n").find((one) => one.includes(` ${name}`)) ?? "";
      expect([line("kept"), line("taken")]).toEqual([
        expect.stringMatching(/^-.* 65534\/100 /), // the container's user
        expect.stringMatching(/^-.* 1234\/5678 /),
      ]);
      expect([line("followed"), line("link")]).toEqual([
        expect.stringMatching(/^-/),
        expect.stringMatching(/^l.* -> file$/),
      ]);
      await sh("docker cp --quiet files:/kept /run/quiet 2>/run/words; test ! -s /run/words");
    },
  },
  export: {
    output: async () => {
      await text("create", "--name", "exported", ...SLEEP);
      await text("export", "--output", `${daemon().machine.directory}/root.tar`, "exported");
      expect(await sh(`tar -tf ${daemon().machine.directory}/root.tar | grep -c ^bin/sh$`)).toBe("1\n");
    },
  },
  inspect: {
    "format size type": async () => {
      await text("create", "--name", "sized", ...SLEEP);
      expect(
        await text("inspect", "--size", "--type", "container", "--format", "{{.SizeRw}} {{.Name}}", "sized"),
      ).toBe("0 /sized");
      expect((await docker("inspect", "--type", "volume", "sized")).exitCode).toBe(1);
    },
  },
  kill: {
    signal: async () => {
      await startTelling("killed");
      await text("kill", "--signal", "USR1", "killed");
      expect([await text("wait", "killed"), await text("logs", "--tail", "1", "killed")]).toEqual([
        "9",
        "USR1",
      ]);
    },
  },
  logs: {
    "details follow since tail timestamps until": async () => {
      const log = ["--log-opt", "labels=color", "--label", "color=red"];
      await text(
        "run",
        "--name",
        "logged",
        ...log,
        "busybox",
        "sh",
        "-c",
        "echo a; sleep 0.1; echo b; sleep 0.1; echo c",
      );
      expect(await text("logs", "--details", "--tail", "1", "logged")).toBe("color=red c");
      expect(await text("logs", "--follow", "--tail", "2", "logged")).toBe("b\nc");
      const stamps = (await text("logs", "--timestamps", "logged"))
        .split("\n")
        .map((line) => line.split(" "));
      expect(stamps.map(([stamp, word]) => [Number.isNaN(Date.parse(stamp!)), word])).toEqual(
        ["a", "b", "c"].map((word) => [false, word]),
      );
      const [, [at]] = stamps as [string[], [string], string[]];
      expect(await text("logs", "--since", at, "logged")).toBe("b\nc");
      expect((await text("logs", "--until", at, "logged")).startsWith("a")).toBe(true);
      expect(await text("logs", "--until", at, "logged")).not.toContain("c");
    },
  },
  "container prune": {
    "filter force": async () => {
      await text("create", "--name", "goes", "--label", "prune=yes", ...SLEEP);
      await text("create", "--name", "stays", ...SLEEP);
      expect(await text("container", "prune", "--force", "--filter", "label=prune=yes")).toContain(
        "Total reclaimed space",
      );
      expect(await text("ps", "-a", "--format", "{{.Names}}", "--filter", "name=^(goes|stays)$")).toBe(
        "stays",
      );
    },
  },
  ps: {
    "all filter format no-trunc quiet last latest size": async () => {
      await text("create", "--name", "older", "--label", "ps=1", ...SLEEP);
      const id = await text("create", "--name", "newest", "--label", "ps=1", ...SLEEP);
      const only = ["--filter", "label=ps=1"];
      expect(await text("ps", ...only, "--quiet")).toBe("");
      expect(await text("ps", "--all", ...only, "--format", "{{.Names}}")).toBe("newest\nolder");
      expect(await text("ps", "--last", "1", "--quiet")).toBe(id.slice(0, 12));
      expect(await text("ps", "--latest", "--quiet", "--no-trunc")).toBe(id);
      expect(await text("ps", "--all", "--size", ...only, "--format", "{{.Size}}")).toMatch(
        /^(0B \(virtual \S+\)\n?){2}$/,
      );
    },
  },
  restart: {
    "signal timeout time": async () => {
      for (const timeout of ["--timeout", "--time"]) {
        const name = `again${timeout}`;
        await startTelling(name);
        await text("restart", "--signal", "INT", timeout, "30", name);
        expect(await text("logs", name)).toMatch(/^ready\nINT(\n|$)/);
        expect(await inspect("{{.State.Running}}", name)).toBe("true");
      }
    },
  },
  rm: {
    "force link volumes": async () => {
      await text("run", "-d", "--name", "target", "-v", "/data", ...SLEEP);
      await text("create", "--name", "linked", "--link", "target:db", ...SLEEP);
      await text("rm", "--link", "linked/db");
      expect(await inspect("{{json .HostConfig.Links}}", "linked")).toBe("null");
      const volume = await inspect("{{(index .Mounts 0).Name}}", "target");
      expect((await docker("rm", "target")).exitCode).toBe(1);
      await text("rm", "--force", "--volumes", "target");
      expect((await docker("volume", "inspect", volume)).exitCode).toBe(1);
    },
  },
  start: {
    "attach interactive": async () => {
      await text("create", "-i", "--name", "talks", "busybox", "cat");
      const start = ["start", "--attach", "--interactive", "talks"];
      const { stdout } = await daemon().machine.run(["docker", "-H", `unix://${daemon().socket}`, ...start], {
        input: "typed\n",
      });
      expect(stdout).toBe("typed\n");
    },
    "detach-keys": async () => {
      await text("create", "-it", "--name", "left", ...SLEEP);
      expect((await onTerminal("start", "-ai", "--detach-keys", "ctrl-x", "left")).exitCode).not.toBeNull();
      expect(await inspect("{{.State.Running}}", "left")).toBe("true");
    },
    "checkpoint checkpoint-dir": async () => {
      await text("create", "--name", "frozen", ...SLEEP);
      const refused = await docker("start", "--checkpoint", "one", "--checkpoint-dir", "/run/none", "frozen");
      expect(`${refused.exitCode} ${refused.stderr}`).toMatch(/^1 .*experimental/);
    },
  },
  stats: {
    "all format no-stream no-trunc": async () => {
      const id = await text("create", "--name", "idle", ...SLEEP);
      const once = ["stats", "--no-stream", "--format", "{{.ID}} {{.Name}}"];
      expect(await text(...once)).not.toContain("idle");
      expect(await text(...once, "--all")).toContain(`${id.slice(0, 12)} idle`);
      expect(await text(...once, "--no-trunc", "idle")).toBe(`${id} idle`);
    },
  },
  stop: {
    "signal timeout time": async () => {
      await startTelling("stopped");
      await text("stop", "--signal", "INT", "--timeout", "30", "stopped");
      expect([
        await text("logs", "--tail", "1", "stopped"),
        await inspect("{{.State.ExitCode}}", "stopped"),
      ]).toEqual(["INT", "9"]);
      await text("run", "-d", "--name", "deaf", "busybox", "sh", "-c", "trap '' TERM; sleep 1000");
      await text("stop", "--time", "0", "deaf");
      expect(await inspect("{{.State.ExitCode}}", "deaf")).toBe("137");
    },
  },
};

for (const [command, tests] of Object.entries(COMMANDS))
  describe(command, () => {
    for (const [flags, run] of Object.entries(tests)) test(`--${flags.replaceAll(" ", " --")}`, run);

    test("every flag is tried", async () => {
      const tried = new Set(["help", ...Object.keys(tests).flatMap((flags) => flags.split(" "))]);
      const all = await flagsOf(daemon(), ...command.split(" "));
      expect(all.filter((flag) => !tried.has(flag))).toEqual([]);
    });
  });

test("commands without flags of their own have none that is not tried", async () => {
  for (const command of ["top", "wait", "rename", "pause", "unpause", "port", "diff"])
    expect([command, (await flagsOf(daemon(), command)).filter((flag) => flag !== "help")]).toEqual([
      command,
      [],
    ]);
  await text("rm", "-fv", ...(await text("ps", "-aq")).split("\n"));
});

testNothingIsLeft(daemon);
