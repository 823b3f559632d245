/** Other programs that bring images to an engine and take them from it by its socket. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const skopeo = (...args: string[]) => daemon().machine.text(["skopeo", "--insecure-policy", ...args]);

test("skopeo takes images from the engine and brings them to it (docker-daemon:)", async () => {
  const host = `unix://${daemon().socket}`;
  const archive = `docker-archive:${join(daemon().machine.directory, "taken.tar")}:taken/app:1`;
  await skopeo("copy", "-q", "--src-daemon-host", host, "docker-daemon:busybox:latest", archive);
  await skopeo("copy", "-q", "--dest-daemon-host", host, archive, "docker-daemon:brought/app:2");
  expect(await daemon().dockerText("run", "--rm", "brought/app:2", "echo", "runs")).toBe("runs");
  const shown = await skopeo("inspect", "--daemon-host", host, "docker-daemon:brought/app:2");
  expect(JSON.parse(shown)).toMatchObject({ Name: "docker.io/brought/app", Os: "linux" });
  await daemon().dockerText("rmi", "brought/app:2");
});
