import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recover } from "./recover.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "recover-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const files = { openDirectory: () => -1, close() {}, passDescriptor() {} };
const ask = () => recover(files, { id: "c1", runDirectory: directory, stateDirectory: directory });

/** Answers a hello with these bytes and hangs up. */
const supervisor = (answer: string) =>
  Bun.listen({
    unix: join(directory, "supervisor.sock"),
    socket: {
      data(socket) {
        socket.end(Buffer.from(answer, "hex"));
      },
    },
  });

test("recover() takes nobody for lost who only speaks another version, or has no place left", async () => {
  for (const [answer, words] of [
    ["7768726602020000", "cannot take over container c1: the supervisor speaks version 2, not 1"],
    ["7768726601010000", "cannot take over container c1: the supervisor has too many connections"],
  ] as const) {
    using _listening = supervisor(answer);
    await expect(ask()).rejects.toThrow(words);
  }
});

test("recover() finds a container lost whose supervisor hangs up, or is not there", async () => {
  expect(await ask()).toEqual({ state: "lost" });
  using _listening = supervisor("");
  expect(await ask()).toEqual({ state: "lost" });
});
