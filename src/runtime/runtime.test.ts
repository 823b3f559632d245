import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { newId } from "#base/ids.ts";
import type { ExecConfig } from "#spec/docker/exec.ts";
import {
  ALL,
  cleanUp,
  createLab,
  demultiplex,
  type Lab,
  OUTPUT,
  readAll,
  runContainer,
  startContainer,
  startRequest,
  supervisorOf,
  supervisorPath,
} from "./_testing/container.ts";
import { hermetic } from "./_testing/hermetic.ts";
import { execProcess } from "./spec/process.ts";
import type { SpecMount } from "./spec/types.ts";
import { readSpecHost } from "./spec-host.ts";
import { StartFailed } from "./start-failed.ts";
import type { AttachStream, ExecRequest } from "./types.ts";

hermetic(import.meta.path, () => {
  for (const name of ["crun", "runc"]) describe.skipIf(!Bun.which(name))(name, () => defineTests(name));
});

function defineTests(runtime: string): void {
  let lab: Lab;
  const ready = createLab().then((made) => {
    lab = made;
  });
  afterAll(() => {
    lab.runtime[Symbol.dispose]();
    lab.kernel.cgroups.remove(lab.cgroupParent);
  });

  async function run(command: readonly string[], request: object = {}) {
    await ready;
    return await runContainer(lab, { runtime, command, ...request });
  }

  test("start() runs a container, and cleanUp() leaves nothing of it", async () => {
    const outcome = await run(["sh", "-c", "echo out; echo err >&2; exit 3"]);
    expect(outcome).toEqual({ code: 3, signal: 0, oomKilled: false, stdout: "out\n", stderr: "err\n" });
    expect(readdirSync(lab.runRoot)).toEqual([]);
    expect(readdirSync(lab.stateRoot)).toEqual([]);
    expect(lab.kernel.cgroups.children(lab.cgroupParent)).toEqual([]);
  });

  test("start() reports a signal, and signal() whether there was anybody to get it", async () => {
    await ready;
    await using container = await startContainer(lab, { runtime, command: ["sleep", "100"] });
    expect(container.process.signal(9)).toBe(true);
    expect(await container.process.exited).toMatchObject({ code: 137, signal: 9, oomKilled: false });
    expect(container.process.signal(9)).toBe(false);
    expect(container.process.attach(OUTPUT)).rejects.toThrow("is not running");
  });

  test("start() tells when memory ran out", async () => {
    const hungry = ["sh", "-c", "x=0123456789; while :; do x=$x$x$x; done"];
    const limits = { Memory: 16 << 20, MemorySwap: 16 << 20 };
    const outcome = await run(hungry, { hostConfig: limits });
    expect(outcome).toMatchObject({ code: 137, signal: 9, oomKilled: true });
  });

  test.each([
    ["nosuch", 127, 'exec: "nosuch": executable file not found in $PATH: unknown'],
    ["/nosuch", 127, 'exec: "/nosuch": stat /nosuch: no such file or directory: unknown'],
    ["/not-executable", 126, 'exec: "/not-executable": permission denied: unknown'],
    ["/directory", 126, 'exec: "/directory": permission denied: unknown'],
  ])("start() of %s fails as Docker's does and leaves nothing", async (program, exitCode, words) => {
    const error = await run([program]).then(
      () => undefined,
      (failure) => failure,
    );
    expect(error).toBeInstanceOf(StartFailed);
    expect(error).toMatchObject({ exitCode, kind: "invalidArgument" });
    const prefix = `OCI runtime create failed: ${runtime} create failed: unable to start container process: `;
    expect(error.message).toBe(prefix + words);
    expect(readdirSync(lab.runRoot)).toEqual([]);
    expect(readdirSync(lab.stateRoot)).toEqual([]);
    expect(lab.kernel.cgroups.children(lab.cgroupParent)).toEqual([]);
  });

  test("start() of a mount that fits not fails with the reason", async () => {
    const mount = {
      type: "bind",
      source: "/etc",
      destination: "/not-executable",
      readOnly: false,
      propagation: "",
    };
    const failure = run(["true"], { input: { mounts: [mount] } });
    expect(failure).rejects.toThrow(/not a directory.*Are you trying to mount a directory onto a file/);
  });

  test("a terminal has the size it was started with, and the one it is given", async () => {
    await ready;
    await using container = await startContainer(lab, {
      runtime,
      command: ["sh", "-c", "trap 'stty size; exit' WINCH; stty size; while :; do sleep 0.01; done"],
      config: { Tty: true },
      hostConfig: { ConsoleSize: [51, 133] },
      attach: [OUTPUT],
    });
    const stream = container.streams[0]!;
    await firstData(stream, "51 133\r\n");
    const rest = readAll(stream);
    container.process.resize(24, 80);
    expect((await rest).toString()).toBe("24 80\r\n");
  });

  test("a terminal takes what is typed", async () => {
    await ready;
    await using container = await startContainer(lab, {
      runtime,
      command: ["sh"],
      config: { Tty: true, OpenStdin: true },
      attach: [ALL],
    });
    const output = readAll(container.streams[0]!);
    container.streams[0]!.write("stty -echo; echo a$((1+1))b; exit 7\n");
    expect((await container.process.exited).code).toBe(7);
    expect((await output).toString()).toEndWith("a2b\r\n");
  });

  test("stdin reaches the process to its end", async () => {
    await ready;
    await using container = await startContainer(lab, {
      runtime,
      command: ["wc", "-c"],
      config: { OpenStdin: true, StdinOnce: true },
      attach: [ALL],
    });
    const output = readAll(container.streams[0]!);
    container.streams[0]!.end(Buffer.alloc(5_000_000));
    expect(demultiplex(await output).stdout.trim()).toBe("5000000");
  });

  test("exec() runs more processes with streams and codes of their own", async () => {
    await ready;
    await using container = await startContainer(lab, { runtime, command: ["sleep", "100"] });
    const outcomes = await Promise.all(
      ["echo one; exit 1", "cat; exit 2", "id -u; kill -9 $$"].map((script) =>
        exec(
          lab,
          container.start.runDirectory,
          container.start.id,
          runtime,
          { Cmd: ["sh", "-c", script] },
          "typed",
        ),
      ),
    );
    expect(outcomes).toEqual([
      { code: 1, stdout: "one\n", stderr: "" },
      { code: 2, stdout: "typed", stderr: "" },
      { code: 137, stdout: "0\n", stderr: "" },
    ]);
    expect(readdirSync(`${container.start.runDirectory}/exec`)).toEqual([]);
  });

  test("exec() as another user has the user's groups, home and no more than the container's rights", async () => {
    await ready;
    await using container = await startContainer(lab, { runtime, command: ["sleep", "100"] });
    const config = {
      User: "web",
      WorkingDir: "/tmp",
      Env: ["A=b"],
      Cmd: ["sh", "-c", "id; pwd; echo $HOME $A; grep -E '^(Cap(Eff|Inh)|Seccomp:)' /proc/self/status"],
    };
    const { stdout } = await exec(lab, container.start.runDirectory, container.start.id, runtime, config);
    expect(stdout.split("\n")).toEqual([
      "uid=1000(web) gid=1000(web) groups=1000(web),2000(extra)",
      "/tmp",
      "/home/web b",
      "CapInh:\t0000000000000000",
      "CapEff:\t0000000000000000",
      "Seccomp:\t2",
      "",
    ]);
  });

  test("exec() with a terminal has one of its own, of the size asked for", async () => {
    await ready;
    await using container = await startContainer(lab, { runtime, command: ["sleep", "100"] });
    const config = {
      Tty: true,
      ConsoleSize: [30, 90],
      Cmd: ["sh", "-c", "read line; echo $line; stty size; tty; exit 3"],
    };
    const { runDirectory, id } = container.start;
    const outcome = await exec(lab, runDirectory, id, runtime, config, "typed\n");
    expect(outcome.code).toBe(3);
    expect(outcome.stdout).toMatch(/^typed\r\ntyped\r\n30 90\r\n\/dev\/pts\/\d\r\n$/); // once as echo
  });

  test("exec() of a program that is not there fails as Docker's does", async () => {
    await ready;
    await using container = await startContainer(lab, { runtime, command: ["sleep", "100"] });
    const failure = exec(lab, container.start.runDirectory, container.start.id, runtime, { Cmd: ["nosuch"] });
    expect(failure).rejects.toMatchObject({
      exitCode: 127,
      message:
        'OCI runtime exec failed: exec failed: unable to start container process: exec: "nosuch": executable file not found in $PATH: unknown',
    });
  });

  test("docker-init is the first process, reaps and ends as the program does", async () => {
    const script =
      "(sleep 0.01 &); sleep 0.1; tr '\\0' ' ' </proc/1/cmdline; grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null; exit 9";
    const outcome = await run(["sh", "-c", script], {
      hostConfig: { Init: true },
      input: { initPath: supervisorPath() },
    });
    expect(outcome).toMatchObject({ code: 9, stdout: `/sbin/docker-init -- sh -c ${script} `, stderr: "" });
  });

  test("recover() finds a running container again, and its end", async () => {
    await ready;
    const { start } = startRequest(lab, {
      runtime,
      command: ["sh", "-c", "read line; exit $line"],
      config: { OpenStdin: true },
    });
    const first = await lab.runtime.start(start);
    expect(await lab.runtime.listLive(lab.runRoot)).toEqual([start.id]);
    const recovered = await lab.runtime.recover(start);
    if (recovered.state !== "running") throw new Error(`recovered as ${recovered.state}`);
    expect(recovered.process).toMatchObject({ pid: first.pid, startedAt: first.startedAt });
    (await recovered.process.attach(ALL)).end("6\n");
    const status = await recovered.process.exited;
    expect(status.code).toBe(6);
    expect(await lab.runtime.recover(start)).toEqual({ state: "exited", status });
    expect(await lab.runtime.listLive(lab.runRoot)).toEqual([]);
    await cleanUp(lab, start);
  });

  test("recover() and cleanUp() cope with a supervisor that was killed", async () => {
    await ready;
    const { start } = startRequest(lab, { runtime, command: ["sleep", "100"] });
    const supervised = await lab.runtime.start(start);
    process.kill(await supervisorOf(supervised.pid), "SIGKILL");
    expect(await supervised.exited).toMatchObject({ code: 137, signal: 9 });
    expect(await lab.runtime.recover(start)).toEqual({ state: "lost" });
    await cleanUp(lab, start);
    expect(existsSync(start.runDirectory)).toBe(false);
    expect(lab.kernel.cgroups.exists(start.spec.linux.cgroupsPath!)).toBe(false);
  });

  test("a shared volume shows the host what a container mounts in it", async () => {
    await ready;
    const source = "/run/shared";
    mkdirSync(source, { recursive: true });
    lab.kernel.mounts.mount("tmpfs", source, "tmpfs");
    lab.kernel.mounts.setPropagation(source, "shared");
    mkdirSync(`${source}/below`);
    const mount = { type: "bind", source, destination: "/v", readOnly: false, propagation: "rshared" };
    const script = "mount -t tmpfs none /v/below && echo here >/v/below/file && echo done";
    await using container = await startContainer(lab, {
      runtime,
      command: ["sh", "-c", `${script}; sleep 100`],
      hostConfig: { Privileged: true },
      input: { mounts: [mount as SpecMount] },
      attach: [OUTPUT],
    });
    await new Promise((seen) => container.streams[0]!.once("data", seen));
    expect(readFileSync(`${source}/below/file`, "utf8")).toBe("here\n");
    lab.kernel.mounts.unmount(`${source}/below`);
    lab.kernel.mounts.unmount(source);
  });

  test("the same container starts again in the same places", async () => {
    const id = newId();
    for (const code of [1, 2])
      expect(await run(["sh", "-c", `exit ${code}`], { id })).toMatchObject({ code });
  });
}

async function firstData(stream: AttachStream, expected: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<string>();
  stream.once("data", (chunk: Buffer) => resolve(chunk.toString()));
  expect(await promise).toBe(expected);
}

async function exec(
  lab: Lab,
  runDirectory: string,
  containerId: string,
  runtime: string,
  config: ExecConfig,
  input?: string,
) {
  const terminal = config.Tty ?? false;
  const { process } = execProcess({
    config: { Hostname: "h", Cmd: ["x"] },
    hostConfig: {},
    exec: config,
    accounts: {
      passwd: readFileSync(`${lab.rootfs}/etc/passwd`, "utf8"),
      group: readFileSync(`${lab.rootfs}/etc/group`, "utf8"),
    },
    host: readSpecHost(lab.kernel.features, () => new Set()),
  });
  let stream: AttachStream | undefined;
  const request: ExecRequest = {
    ...{ containerId, id: newId(), runDirectory, process, runtime, note: "{}" },
    ...{ terminal, openStdin: input !== undefined },
    attach: {
      options: ALL,
      connected: (connected) => {
        stream = connected;
      },
    },
  };
  const session = await lab.runtime.exec(request);
  const output = readAll(stream!);
  stream!.end(input ?? "");
  const { code } = await session.exited;
  const bytes = await output;
  return { code, ...(terminal ? { stdout: bytes.toString(), stderr: "" } : demultiplex(bytes)) };
}
