import { expect, test } from "bun:test";
import type { Ulimit } from "#spec/docker/containers.ts";
import { EXAMPLE_ACCOUNTS, EXAMPLE_HOST, exampleInput } from "./_example.ts";
import { containerProcess, execProcess } from "./process.ts";
import { UNLIMITED } from "./rlimits.ts";

test("containerProcess() orders the environment as Docker does", () => {
  const { process } = containerProcess(
    exampleInput({ Tty: true, User: "web", Env: ["A=1", "PATH=/x", "B", "A=2"] }),
  );
  expect(process.env).toEqual(["PATH=/x", "HOSTNAME=IDSHORT", "TERM=xterm", "A=2", "HOME=/home/web"]);
});

test("containerProcess() lets the configuration take variables away and name another home", () => {
  const { process } = containerProcess(exampleInput({ Env: ["HOSTNAME", "HOME=/h"] }));
  expect(process.env).toEqual([
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/h",
  ]);
});

test("containerProcess() joins entry point and command", () => {
  const { process } = containerProcess(exampleInput({ Entrypoint: ["/entry", "-x"], Cmd: ["arg"] }));
  expect(process.args).toEqual(["/entry", "-x", "arg"]);
  expect(() => containerProcess(exampleInput({ Cmd: null }))).toThrow("no command specified");
});

test("containerProcess() gives a terminal the size asked for, if any", () => {
  const sized = exampleInput({ Tty: true }, { ConsoleSize: [24, 80] });
  expect(containerProcess(sized).process).toMatchObject({
    terminal: true,
    consoleSize: { height: 24, width: 80 },
  });
  const unsized = containerProcess(exampleInput({ Tty: true }, { ConsoleSize: [0, 0] })).process;
  expect(unsized.consoleSize).toBeUndefined();
});

test.each([
  { asked: undefined, cwd: "/" },
  { asked: "/a/../b//c/", cwd: "/b/c" },
  { asked: "/proc/self", cwd: "/proc/self" },
  { asked: "/fd/7", cwd: "/fd/7" },
])('containerProcess() works in "$cwd" when asked for "$asked"', ({ asked, cwd }) => {
  expect(containerProcess(exampleInput({ WorkingDir: asked })).process.cwd).toBe(cwd);
});

test.each([
  "/proc/self/fd/7", // CVE-2024-21626
  "/proc/self/fd/../fd/7/",
  "//proc/1/fd/3",
  "/proc/thread-self/fd",
  "/proc/self/task/1/fd/8",
  "/dev/fd/7",
])('containerProcess() does not work in "%s"', (path) => {
  expect(() => containerProcess(exampleInput({ WorkingDir: path }))).toThrow("it names an open file");
});

test("containerProcess() does not work in a relative place", () => {
  expect(() => containerProcess(exampleInput({ WorkingDir: "work" }))).toThrow(
    "the working directory 'work' is invalid, it needs to be an absolute path",
  );
});

test("containerProcess() lowers limits and raises scores to what the engine may set", () => {
  const input = exampleInput({}, { OomScoreAdj: -900, Ulimits: [{ Name: "nofile", Soft: 1e6, Hard: 1e6 }] });
  const { process, warnings } = containerProcess(input);
  expect(process.rlimits).toEqual([{ type: "RLIMIT_NOFILE", soft: 20000, hard: 20000 }]);
  expect(process.oomScoreAdj).toBe(0);
  expect(warnings).toHaveLength(2);
  const able = { ...EXAMPLE_HOST, capabilities: ["CAP_SYS_RESOURCE"] };
  expect(containerProcess({ ...input, host: able })).toMatchObject({
    process: { oomScoreAdj: -900, rlimits: [{ hard: 1e6 }] },
    warnings: [],
  });
});

test("containerProcess() takes the administrator's limits for names the container does not mention", () => {
  const defaults = {
    ulimits: [
      { Name: "nofile", Soft: 1, Hard: 1 },
      { Name: "core", Soft: -1, Hard: -1 },
    ],
  };
  const input = exampleInput({}, { Ulimits: [{ Name: "nofile", Soft: 5, Hard: 6 }] }, { defaults });
  expect(containerProcess(input).process.rlimits).toEqual([
    { type: "RLIMIT_NOFILE", soft: 5, hard: 6 },
    { type: "RLIMIT_CORE", soft: UNLIMITED, hard: UNLIMITED },
  ]);
});

test("containerProcess() leaves a process the engine's hard limit of open files, and not its soft one", () => {
  const { rlimits } = containerProcess(exampleInput()).process;
  expect(rlimits).toEqual([{ type: "RLIMIT_NOFILE", soft: 1024, hard: 20000 }]);
});

test.each<{ Ulimits: Ulimit[]; message: string }>([
  { Ulimits: [{ Name: "nosuch", Soft: 1, Hard: 1 }], message: "invalid ulimit type: nosuch" },
  {
    Ulimits: [{ Name: "nofile", Soft: 5, Hard: 4 }],
    message: "ulimit soft limit must be less than or equal to hard limit: 5 > 4",
  },
])("containerProcess() refuses: $message", ({ Ulimits, message }) => {
  expect(() => containerProcess(exampleInput({}, { Ulimits }))).toThrow(message);
});

test("execProcess() begins with the container's environment, user and place, and changes what is asked", () => {
  const { config, hostConfig } = exampleInput({ User: "web", WorkingDir: "/w", Env: ["A=1"] });
  const base = { config, hostConfig, accounts: EXAMPLE_ACCOUNTS, host: EXAMPLE_HOST };
  const plain = execProcess({ ...base, exec: { Cmd: ["id"] } }).process;
  expect(plain).toMatchObject({ args: ["id"], cwd: "/w", user: { uid: 1000 } });
  expect(plain.env).toContain("A=1");
  expect(plain.capabilities!.effective).toBeUndefined();
  const changed = execProcess({
    ...base,
    exec: { Cmd: ["id"], User: "0", Privileged: true, Tty: true, Env: ["A=2"], WorkingDir: "/x" },
  }).process;
  expect(changed).toMatchObject({ terminal: true, cwd: "/x", user: { uid: 0 } });
  expect(changed.env).toEqual(expect.arrayContaining(["A=2", "TERM=xterm", "HOME=/root"]));
  expect(changed.capabilities!.effective).toEqual([...EXAMPLE_HOST.capabilities]);
});

test("execProcess() needs a command", () => {
  const { config, hostConfig } = exampleInput();
  const input = { config, hostConfig, accounts: EXAMPLE_ACCOUNTS, host: EXAMPLE_HOST, exec: { Cmd: [] } };
  expect(() => execProcess(input)).toThrow("No exec command specified");
});
