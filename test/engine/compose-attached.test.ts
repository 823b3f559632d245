/** An attached `wharf compose up` as somebody at a terminal uses it: keys, a second Ctrl+C, which services are shown. */
import { expect, test } from "bun:test";
import { POLITE, type TestProject, writeProject } from "../helpers/compose.ts";
import { WHARF } from "../helpers/daemon.ts";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();

/** Runs a program on a terminal of 24 lines. Each step is a text to wait for, then keys to press. */
const TYPIST = `
import fcntl, json, os, pty, select, struct, sys, termios
steps, argv = json.loads(sys.argv[1]), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.execvp(argv[0], argv)
out, seen = b"", 0
def more():
    global out
    try: piece = os.read(terminal, 65536)
    except OSError: piece = b""
    out += piece
    return piece != b""
ended = False
for text, keys in steps:
    while not ended and text.encode() not in out[seen:]: ended = not more()
    seen = out.find(text.encode(), seen) + len(text)
    if not ended: os.write(terminal, keys.encode())
modes = termios.tcgetattr(terminal)[3] if not ended else 0
while not ended: ended = not more()
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(json.dumps({"out": out.decode(errors="replace"), "code": code, "isCanonical": bool(modes & termios.ICANON)}))
`;

type Steps = readonly (readonly [text: string, keys: string])[];

async function type(project: TestProject, steps: Steps, ...args: string[]) {
  const file = `${project.directory}/compose.yaml`;
  const argv = [WHARF, "compose", "-p", project.name, "-f", file, ...args];
  const env = [`DOCKER_HOST=unix://${daemon().socket}`, "TERM=xterm"];
  const text = await daemon().machine.text([
    "env",
    ...env,
    "python3",
    "-c",
    TYPIST,
    JSON.stringify(steps),
    ...argv,
  ]);
  return JSON.parse(text) as { out: string; code: number; isCanonical: boolean };
}

const YAML = `
services:
  polite: {image: busybox, command: ${POLITE.replace("while", "echo polite speaks; while")}}
  deaf:
    image: busybox
    command: sh -c "trap '' TERM; echo deaf speaks; while :; do sleep 1 & wait; done"
    stop_grace_period: 10m
`;
let project: TestProject;
const states = async () =>
  (await project.text("ps", "-a", "--format", "{{.Service}}={{.State}}")).split("\n").sort().join(" ");
const CTRL_C = "\x03";

test("d leaves the containers running and gives the terminal back; the menu says so", async () => {
  project = await writeProject(daemon(), "keys", YAML);
  const { out, code, isCanonical } = await type(
    project,
    [
      ["Detach", "\n"],
      ["deaf speaks", "d"],
    ],
    "up",
  );
  expect([code, isCanonical]).toEqual([0, false]);
  expect(out).toContain("\x1b[1;23r");
  expect(out.trimEnd().endsWith("\x1b[24;1H\x1b[2K\x1b8")).toBe(true);
  expect(await states()).toBe("deaf=running polite=running");
  await project.text("down", "-t", "0");
});

test("Ctrl+C stops gently, a second one kills at once", async () => {
  const steps: Steps = [
    ["deaf speaks", CTRL_C],
    ["Gracefully Stopping... press Ctrl+C again to force", ""],
    ["polite-1 exited", CTRL_C],
  ];
  const { out, code } = await type(project, steps, "up", "--menu=false");
  expect(code).toBe(130);
  expect(out).not.toContain("Detach");
  expect(out).toContain("Killing...");
  expect(out).toContain("deaf-1 exited with code 137");
  expect(await states()).toBe("deaf=exited polite=exited");
});

test("Ctrl+C before anything runs leaves nothing running", async () => {
  const { out, code } = await type(project, [["Attaching to", CTRL_C]], "up", "--menu=false", "-t", "0");
  expect([code, out]).toEqual([130, expect.stringContaining("Gracefully Stopping")]);
  expect(await states()).toMatch(/^deaf=(created|exited) polite=(created|exited)$/);
  await project.text("down", "-t", "0");
});

test("--attach, --no-attach, --timestamps and --no-log-prefix choose what is shown", async () => {
  const shown = await writeProject(
    daemon(),
    "shown",
    `
services:
  a: {image: busybox, command: echo from-a}
  b: {image: busybox, command: echo from-b}
  c: {image: busybox, command: echo from-c, attach: false}`,
  );
  const lines = async (...args: string[]) =>
    (await shown.text("up", ...args))
      .split("\n")
      .filter((line) => line.includes("from-"))
      .sort();
  expect(await lines()).toEqual(["a-1  | from-a", "b-1  | from-b"]);
  expect(await lines("--attach", "b", "--attach", "c")).toEqual(["b-1  | from-b", "c-1  | from-c"]);
  expect(await lines("--no-attach", "b", "--no-log-prefix")).toEqual(["from-a"]);
  const [line] = await lines("--no-attach", "b", "--timestamps");
  expect(line).toMatch(/^a-1 {2}\| \d{4}-\d\d-\d\dT[\d:.]+Z from-a$/);
  await shown.text("down", "-t", "0");
});

test("--abort-on-container-failure stops all when one has failed, and not when one has ended well", async () => {
  const failing = await writeProject(
    daemon(),
    "failing",
    `
services:
  well: {image: busybox, command: "true"}
  ill: {image: busybox, command: sh -c "exit 5", depends_on: {well: {condition: service_completed_successfully}}}
  stays: {image: busybox, command: ${POLITE}}`,
  );
  const { exitCode, stdout } = await failing.compose("up", "--abort-on-container-failure");
  expect([exitCode, stdout]).toEqual([5, expect.stringContaining("stays-1 exited with code ")]);
  expect(stdout).toContain("well-1 exited with code 0");
  await failing.text("down", "-t", "0");
});

testNothingIsLeft(daemon);
