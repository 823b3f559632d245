import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sendDatagram } from "./notify.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "wharf-notify-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Python has what Bun has not: a socket for UNIX datagrams. */
const RECEIVE = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(("\\0" + sys.argv[1][1:]) if sys.argv[1].startswith("@") else sys.argv[1])
print("bound", flush=True)
print(s.recv(4096).decode(), flush=True)
`;
const hasPython = Bun.which("python3") !== null;

for (const kind of ["a path", "an abstract name"])
  test.skipIf(!hasPython)(`sendDatagram() reaches ${kind}`, async () => {
    const path = kind === "a path" ? join(directory, "notify") : `@wharf-notify-${process.pid}`;
    const receiver = Bun.spawn(["python3", "-c", RECEIVE, path], { stdout: "pipe" });
    let text = "";
    for await (const chunk of receiver.stdout) {
      const isBound = text.includes("bound\n");
      text += Buffer.from(chunk).toString();
      if (!isBound && text.includes("bound\n")) sendDatagram(path, "READY=1\nSTATUS=höchst bereit\n");
    }
    expect(text).toBe("bound\nREADY=1\nSTATUS=höchst bereit\n\n");
    expect(await receiver.exited).toBe(0);
  });

test("sendDatagram() says who was not there", () => {
  expect(() => sendDatagram(join(directory, "nobody"), "x")).toThrow(/sendto.*nobody/);
});
