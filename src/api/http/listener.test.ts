import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RawClient } from "./_raw-client.ts";

/** Plays systemd: opens the socket, hands it over as descriptor 3. */
const MANAGER = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(8)
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.execv(sys.argv[2], sys.argv[2:])
`;

test.skipIf(Bun.which("python3") === null)("listen() takes a descriptor that listens already", async () => {
  const directory = mkdtempSync(join(tmpdir(), "wharf-fd-"));
  const path = join(directory, "s");
  const source = `
    const { listen } = await import(${JSON.stringify(join(import.meta.dir, "listener.ts"))});
    listen({ fd: 3 }, undefined, (socket) => socket.end("from fd 3"));
    console.log("listening");`;
  const service = Bun.spawn(["python3", "-c", MANAGER, path, process.execPath, "-e", source], {
    stdout: "pipe",
  });
  try {
    await service.stdout.values().next();
    expect(await (await RawClient.connect(path)).all()).toBe("from fd 3");
  } finally {
    service.kill("SIGKILL");
    rmSync(directory, { recursive: true });
  }
});
