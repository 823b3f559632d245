import { expect, test } from "bun:test";
import { WHARF } from "../helpers/daemon.ts";
import { startMachine } from "../helpers/machine.ts";

test("the executable runs where there is neither Bun nor Node, nor anything but a C library", async () => {
  await using machine = await startMachine();
  const root = `${machine.directory}/bare`;
  const script = `mkdir -p $1/proc $1/bin && cp $2 $1/bin/wharf && mount -t proc proc $1/proc
    for library in $(ldd $2 | grep -o '/[^ ]*'); do mkdir -p $1$(dirname $library) && cp -L $library $1$library; done
    chroot $1 /bin/wharf --version && chroot $1 /bin/wharf daemon --validate --config-file /none 2>&1; chroot $1 /bin/wharf help run`;
  const { stdout } = await machine.run(["sh", "-c", script, "bare", root, WHARF]);
  expect(stdout).toContain("version 0.1.0");
  expect(stdout).toContain("--publish");
});

test("a bunfig.toml or .env in the working directory runs nothing", async () => {
  await using machine = await startMachine();
  const script = `cd $1 && echo 'preload = ["./evil.ts"]' >bunfig.toml && echo 'console.log("evil ran")' >evil.ts &&
    echo 'DOCKER_HOST=unix:///evil.sock' >.env && $2 --version; $2 ps 2>&1`;
  const { stdout } = await machine.run(["sh", "-c", script, "evil", machine.directory, WHARF], {
    env: { DOCKER_HOST: "unix:///none.sock" },
  });
  expect(stdout).not.toContain("evil");
});
