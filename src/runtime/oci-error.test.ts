import { expect, test } from "bun:test";
import { startFailure } from "./oci-error.ts";

const runcLog = (msg: string) => JSON.stringify({ level: "error", msg, time: "2026-11-21T03:45:20Z" });

interface Case {
  readonly name: string;
  readonly log: string;
  readonly words: string;
  readonly exitCode: number;
}

/** Messages as crun 1.8.1 and runc 1.1.5 wrote them. */
const CREATE: readonly Case[] = [
  {
    name: "crun: no such name",
    log: "executable file `nosuch` not found in $PATH: No such file or directory\n",
    words: 'exec: "nosuch": executable file not found in $PATH',
    exitCode: 127,
  },
  {
    name: "crun: no such path",
    log: "executable file `/no/such` not found in $PATH: No such file or directory\n",
    words: 'exec: "/no/such": stat /no/such: no such file or directory',
    exitCode: 127,
  },
  {
    name: "crun: not executable",
    log: "open executable: Permission denied\n",
    words: 'exec: "/prog$1": permission denied',
    exitCode: 126,
  },
  {
    name: "crun: a directory",
    log: "open executable: Operation not permitted\n",
    words: 'exec: "/prog$1": permission denied',
    exitCode: 126,
  },
  {
    name: "crun: missing source",
    log: "error stat'ing file `/nosuchsrc`: No such file or directory\n",
    words: 'error mounting "/nosuchsrc": stat /nosuchsrc: no such file or directory',
    exitCode: 127,
  },
  {
    name: "crun: anything else",
    log: "setrlimit `RLIMIT_NOFILE`: Operation not permitted\n",
    words: "setrlimit `RLIMIT_NOFILE`: operation not permitted",
    exitCode: 128,
  },
  {
    name: "crun: several lines",
    log: "a warning\nopen `/nosuch`: No such file or directory\n",
    words: "open `/nosuch`: no such file or directory",
    exitCode: 127,
  },
  {
    name: "runc: no such name",
    log: runcLog(
      'runc run failed: unable to start container process: exec: "nosuch": executable file not found in $PATH',
    ),
    words: 'exec: "nosuch": executable file not found in $PATH',
    exitCode: 127,
  },
  {
    name: "runc: not executable",
    log: runcLog('runc run failed: unable to start container process: exec: "/dir": permission denied'),
    words: 'exec: "/dir": permission denied',
    exitCode: 126,
  },
  { name: "no words at all", log: "", words: "cannot run the OCI runtime (exit code 1)", exitCode: 128 },
  { name: "half a line", log: '{"msg":"x', words: '{"msg":"x', exitCode: 128 },
];

test.each(CREATE as Case[])("startFailure(): $name", ({ log, words, exitCode }) => {
  const failure = startFailure({
    ...{ action: "create", runtime: "crun", program: "/prog$1", log },
    fallback: "cannot run the OCI runtime (exit code 1)",
  });
  expect(failure.message).toBe(
    `OCI runtime create failed: crun create failed: unable to start container process: ${words}: unknown`,
  );
  expect(failure).toMatchObject({ exitCode, kind: exitCode === 128 ? "internal" : "invalidArgument" });
});

test("startFailure() says what may be wrong with a mount, as Docker does", () => {
  const log = "mount `/etc` to `file`: Not a directory\n";
  const { message, exitCode } = startFailure({
    action: "create",
    runtime: "crun",
    program: "x",
    log,
    fallback: "",
  });
  expect(message).toContain(
    'error mounting "/etc" to rootfs at "/file": not a directory: unknown: Are you trying to',
  );
  expect(exitCode).toBe(127);
});

test("startFailure() keeps runc's own reason when it is none of starting the process", () => {
  const log = runcLog(
    "runc run failed: unable to create new parent process: namespace path: lstat /nosuch: no such file or directory",
  );
  expect(startFailure({ action: "create", runtime: "runc", program: "x", log, fallback: "" }).message).toBe(
    "OCI runtime create failed: runc create failed: unable to create new parent process: namespace path: lstat /nosuch: no such file or directory: unknown",
  );
});

test.each([
  ["executable file `nosuch` not found in $PATH: No such file or directory"],
  [
    runcLog(
      'exec failed: unable to start container process: exec: "nosuch": executable file not found in $PATH',
    ),
  ],
])("startFailure() of an exec begins as Docker's does", (log) => {
  expect(
    startFailure({ action: "exec", runtime: "crun", program: "nosuch", log, fallback: "" }),
  ).toMatchObject({
    exitCode: 127,
    message:
      'OCI runtime exec failed: exec failed: unable to start container process: exec: "nosuch": executable file not found in $PATH: unknown',
  });
});
