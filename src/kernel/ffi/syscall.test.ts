import { expect, test } from "bun:test";
import { isErrno } from "#base/fs.ts";
import { AT, O } from "./constants.ts";
import { SysError } from "./errno.ts";
import { memory, syscall, trySyscall } from "./syscall.ts";

test("trySyscall() returns the right -errno while the collector is busy", () => {
  const cases = [
    { path: "/nowhere/at/all", flags: O.RDONLY, errno: 2 },
    { path: "/etc/passwd/below", flags: O.RDONLY, errno: 20 },
    { path: "/", flags: O.RDWR, errno: 21 },
    { path: "/etc/passwd", flags: O.CREAT | O.EXCL, errno: 17 },
  ];
  const garbage: unknown[] = [];
  for (let round = 0; round < 20_000; round++) {
    const { path, flags, errno } = cases[round % cases.length]!;
    const address = memory().text(path);
    garbage[round % 500] = Buffer.alloc(1 + (round % 3000), round); // between the address and its use
    if (round % 2_000 === 0) Bun.gc(true);
    expect(trySyscall("openat", AT.FDCWD, address, flags | O.CLOEXEC)).toBe(-errno);
  }
});

test("syscall() throws what isErrno() recognises, naming call and object", () => {
  let thrown: unknown;
  try {
    syscall("openat", "/nowhere", AT.FDCWD, memory().text("/nowhere"), O.CLOEXEC);
  } catch (error) {
    thrown = error;
  }
  expect(isErrno(thrown, "ENOENT")).toBe(true);
  expect(thrown).toBeInstanceOf(SysError);
  expect(thrown).toMatchObject({ errno: 2, syscall: "openat" });
  expect((thrown as Error).message).toBe("openat /nowhere: no such file or directory (ENOENT)");
});
