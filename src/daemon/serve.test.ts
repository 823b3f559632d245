import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApi } from "#api/server.ts";
import type { ApiRequirements } from "#api/types.ts";
import { createLog, type LogLevel, silentLog } from "#base/log.ts";
import { loadConfig } from "./config.ts";
import { parseFlags } from "./flags.ts";
import { type DaemonProcess, type ServeRequest, serve } from "./serve.ts";
import { takeServiceManager } from "./service-manager.ts";
import type { Engine } from "./types.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "wharf-serve-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

class FakeProcess extends EventEmitter implements DaemonProcess {
  readonly pid = process.pid;
  readonly env: Record<string, string | undefined> = { PATH: "/bin" };
  readonly exits: number[] = [];

  exit(code: number): void {
    this.exits.push(code);
  }
}

interface TestDaemon {
  readonly process: FakeProcess;
  readonly steps: string[];
  readonly lines: string[];
  readonly level: () => LogLevel;
  /** Settles when the daemon has ended. */
  readonly ended: Promise<void>;
  /** Resolves when the log has a line with this text. */
  logged(text: string): Promise<void>;
}

/** A daemon in this process, whose engine is an API without parts. */
function startDaemon(flags: readonly string[], engine: Partial<Engine> = {}): TestDaemon {
  const argv = [
    ...["--data-root", join(directory, "data"), "--exec-root", join(directory, "run")],
    ...["--config-file", join(directory, "daemon.json"), ...flags],
  ];
  if (!existsSync(join(directory, "daemon.json"))) writeFileSync(join(directory, "daemon.json"), "{}");
  const readFile = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : undefined);
  const load = () => loadConfig(parseFlags(argv), { readFile, env: {} });
  const steps: string[] = [];
  const lines: string[] = [];
  const fakeProcess = new FakeProcess();
  const waiting: (() => void)[] = [];
  const sink = {
    level: "debug" as LogLevel,
    format: "text" as const,
    now: () => 0,
    write: (line: string) => {
      lines.push(line);
      for (const wake of waiting.splice(0)) wake();
    },
  };
  const log = createLog(sink);
  const request: ServeRequest = {
    loaded: load(),
    reload: load,
    log,
    setLogLevel: (level) => {
      sink.level = level;
    },
    async createEngine() {
      steps.push("create");
      const api = createApi({
        log: silentLog,
        options: {
          serverName: "test",
          minVersion: "1.24",
          experimental: false,
          builderVersion: "1",
          cgroupVersion: 2,
        },
        ready: Promise.resolve(),
        now: () => 0,
      } as unknown as ApiRequirements);
      return {
        api: {
          ...api,
          async close(graceMs) {
            steps.push(`close api ${graceMs}`);
            await api.close(0);
          },
        },
        recover: async () => {},
        reload: ({ labels }) => void steps.push(`reload ${labels}`),
        dump: () => ({ pending: ["nothing"] }),
        stopContainers: async () => void steps.push("stop containers"),
        close: async () => void steps.push("close engine"),
        ...engine,
      };
    },
    process: fakeProcess,
    now: () => Date.now(),
  };
  const ended = serve(request);
  ended.catch(() => {});
  return {
    process: fakeProcess,
    steps,
    lines,
    level: () => sink.level,
    ended,
    async logged(text) {
      while (!lines.some((line) => line.includes(text)))
        await Promise.race([new Promise<void>((wake) => waiting.push(wake)), ended]);
    },
  };
}

const ping = async (socket: string) => (await fetch("http://wharf/_ping", { unix: socket })).text();

describe.skipIf(process.getuid?.() !== 0)("serve()", () => {
  test("takes its containers along when told to, before clients lose their connections", async () => {
    const daemon = startDaemon(["--live-restore=false"]);
    await daemon.logged("ready");
    daemon.process.emit("SIGTERM");
    await daemon.ended;
    expect(daemon.steps).toEqual(["create", "stop containers", "close api 15000", "close engine"]);
  });

  test("starts, serves and stops in order, and leaves nothing behind", async () => {
    const { promise: recovered, resolve } = Promise.withResolvers<void>();
    const daemon = startDaemon(["--shutdown-timeout", "7"], { recover: () => recovered });
    const socket = join(directory, "run/wharf.sock");
    await daemon.logged("API listening");
    expect(await ping(socket)).toBe("OK"); // before the engine has recovered
    expect(statSync(socket).mode & 0o777).toBe(0o660);
    expect(readFileSync(join(directory, "run/wharf.pid"), "utf8")).toBe(`${process.pid}\n`);
    expect(statSync(join(directory, "run")).mode & 0o777).toBe(0o711);
    resolve();
    await daemon.logged('msg="ready"');
    daemon.process.emit("SIGTERM");
    await daemon.ended;
    expect(daemon.steps).toEqual(["create", "close api 7000", "close engine"]);
    expect([existsSync(socket), existsSync(join(directory, "run/wharf.pid"))]).toEqual([false, false]);
    expect(daemon.process.eventNames()).toEqual([]);
    expect(daemon.process.exits).toEqual([]);
  });

  test("a second signal ends it at once", async () => {
    const daemon = startDaemon([], {
      close: () => new Promise((done) => setTimeout(done, 50)),
    });
    await daemon.logged('msg="ready"');
    daemon.process.emit("SIGINT");
    await daemon.logged("stopping");
    daemon.process.emit("SIGTERM");
    expect(daemon.process.exits).toEqual([1]);
    await daemon.ended;
  });

  test("two daemons do not share a data root, a pid file or a socket", async () => {
    const first = startDaemon([]);
    await first.logged('msg="ready"');
    const other = ["--data-root", join(directory, "other")];
    const rivals: [flags: string[], words: string][] = [
      [["--pidfile", join(directory, "2.pid")], `another daemon (process ${process.pid}) uses the data root`],
      [other, "belongs to a running daemon"],
      [[...other, "--pidfile", join(directory, "2.pid")], "another daemon listens on"],
    ];
    for (const [flags, words] of rivals) {
      const rival = startDaemon(flags);
      await expect(rival.ended).rejects.toThrow(words);
    }
    expect(await ping(join(directory, "run/wharf.sock"))).toBe("OK");
    first.process.emit("SIGTERM");
    await first.ended;
  });

  test("takes over what a crash left: pid file, lock and socket", async () => {
    const run = join(directory, "run");
    const source = `
      const fs = require("node:fs");
      fs.mkdirSync(${JSON.stringify(run)});
      fs.writeFileSync(${JSON.stringify(join(run, "wharf.pid"))}, "1\\n");
      Bun.listen({ unix: ${JSON.stringify(join(run, "wharf.sock"))}, socket: { data() {} } });
      process.kill(process.pid, "SIGKILL");`;
    await Bun.spawn([process.execPath, "-e", source]).exited;
    expect(existsSync(join(run, "wharf.sock"))).toBe(true);
    const daemon = startDaemon([]);
    await daemon.logged('msg="ready"');
    expect(await ping(join(run, "wharf.sock"))).toBe("OK");
    daemon.process.emit("SIGTERM");
    await daemon.ended;
  });

  test("does not remove a file that is no socket", async () => {
    writeFileSync(join(directory, "precious"), "data");
    const daemon = startDaemon(["-H", `unix://${join(directory, "precious")}`]);
    await expect(daemon.ended).rejects.toThrow("is there and is no socket");
    expect(readFileSync(join(directory, "precious"), "utf8")).toBe("data");
    expect(daemon.steps).toEqual(["create", "close api 15000", "close engine"]);
  });

  test("undoes everything when the engine cannot recover", async () => {
    const daemon = startDaemon([], { recover: () => Promise.reject(new Error("state is broken")) });
    await expect(daemon.ended).rejects.toThrow("state is broken");
    expect(daemon.steps).toEqual(["create", "close api 15000", "close engine"]);
    expect(existsSync(join(directory, "run/wharf.sock"))).toBe(false);
  });

  test("reloads what can change, names what cannot, and keeps all of it when the file is wrong", async () => {
    const daemon = startDaemon([]);
    await daemon.logged('msg="ready"');
    const file = join(directory, "daemon.json");
    writeFileSync(file, JSON.stringify({ labels: ["a=b"], "log-level": "error", mtu: 1400 }));
    daemon.process.emit("SIGHUP");
    expect(daemon.steps.at(-1)).toBe("reload a=b");
    expect(daemon.level()).toBe("error");
    writeFileSync(file, JSON.stringify({ labels: ["a=c"], "log-level": "debug", mtu: 1400 }));
    daemon.process.emit("SIGHUP");
    await daemon.logged("changed settings that need a restart");
    expect(daemon.lines.at(-1)).toContain("network");
    writeFileSync(file, "{");
    daemon.process.emit("SIGHUP");
    await daemon.logged("configuration not reloaded");
    expect(daemon.steps.at(-1)).toBe("reload a=c");
    daemon.process.emit("SIGTERM");
    await daemon.ended;
  });

  test("writes a dump when asked", async () => {
    const daemon = startDaemon([]);
    await daemon.logged('msg="ready"');
    daemon.process.emit("SIGUSR1");
    const line = daemon.lines.find((one) => one.includes("dump written"))!;
    const dump = JSON.parse(readFileSync(/path=(\S+)/.exec(line)![1]!, "utf8"));
    expect(dump).toMatchObject({ pid: process.pid, engine: { pending: ["nothing"] } });
    expect(Object.values(dump.descriptors)).toContain(join(directory, "data/daemon.lock"));
    daemon.process.emit("SIGTERM");
    await daemon.ended;
  });

  test("asks systemd for the sockets it was told to take", async () => {
    const daemon = startDaemon(["-H", "fd://"]);
    await expect(daemon.ended).rejects.toThrow("no socket was passed for fd://");
  });
});

describe("takeServiceManager()", () => {
  test("takes sockets meant for this process, and leaves children a clean environment", () => {
    const env = {
      LISTEN_PID: "42",
      LISTEN_FDS: "2",
      LISTEN_FDNAMES: "wharf.socket",
      NOTIFY_SOCKET: "@nobody",
      BUN_OPTIONS: "--preload=x",
      NODE_OPTIONS: "--require=x",
      HOME: "/root",
    };
    expect(takeServiceManager({ ...env }, 41, silentLog).sockets).toEqual([]);
    expect(takeServiceManager(env, 42, silentLog).sockets).toEqual([
      { fd: 3, name: "wharf.socket" },
      { fd: 4, name: "unknown" },
    ]);
    expect(env as object).toEqual({
      HOME: "/root",
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    });
  });

  test("goes on when the manager cannot be told", () => {
    const lines: string[] = [];
    const log = createLog({ level: "warn", format: "text", now: () => 0, write: (line) => lines.push(line) });
    const manager = takeServiceManager({ NOTIFY_SOCKET: "@wharf-nobody" }, 1, log);
    manager.ready("serving");
    manager.stopping();
    expect(lines).toHaveLength(2);
  });
});
