import { expect, test } from "bun:test";
import { join } from "node:path";
import { IS_DOCKERD } from "../helpers/daemon.ts";
import { testProgram } from "../helpers/programs.ts";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);
const debug = (...args: string[]) => daemon().wharfText("debug", ...args);

test.skipIf(IS_DOCKERD)(
  "wharf debug looks into a container that has no shell, running or stopped",
  async () => {
    const directory = join(daemon().machine.directory, "bare");
    await daemon().machine.text(["mkdir", "-p", directory]);
    await daemon().machine.text(["cp", await testProgram("netcheck"), join(directory, "server")]);
    await daemon().machine.text(["tar", "-C", directory, "-cf", `${directory}.tar`, "."]);
    await docker(
      "import",
      "-c",
      'CMD ["/server", "serve", "tcp", "80", "hello"]',
      `${directory}.tar`,
      "bare",
    );
    await docker("run", "-d", "--name", "bare", "bare");
    expect((await daemon().docker("exec", "bare", "sh")).exitCode).toBe(127);

    expect(await debug("bare", "pwd")).toBe("/target");
    expect(await debug("bare", "ls", "/target/server", "/proc/1/root/server")).toContain(
      "/proc/1/root/server",
    );
    expect(await debug("bare", "sh", "-c", "ps | grep '[s]erver serve'")).toContain(
      "/server serve tcp 80 hello",
    );
    expect(await debug("bare", "netcheck", "get", "tcp", "127.0.0.1", "80")).toContain("hello");
    expect((await daemon().wharf("debug", "bare", "sh", "-c", "exit 7")).exitCode).toBe(7);

    await docker("stop", "-t", "0", "bare");
    await debug("bare", "sh", "-c", "echo found >/target/note");
    expect(await debug("bare", "cat", "/target/note")).toBe("found");
    await docker("start", "bare");
    expect(await debug("bare", "cat", "/target/note")).toBe("found");
    await docker("rm", "-f", "bare");
    expect((await daemon().wharf("debug", "bare")).stderr).toContain("No such container: bare");
    expect(await docker("ps", "-aq")).toBe("");
  },
);

testNothingIsLeft(daemon);
