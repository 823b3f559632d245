import { expect, test } from "bun:test";
import { join } from "node:path";
import { IS_DOCKERD } from "../helpers/daemon.ts";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);
const health = (name: string) => docker("inspect", "-f", "{{.State.Health.Status}}", name);
const becomes = (name: string, status: string) =>
  until(
    `${name} is ${status}`,
    () => health(name),
    (now) => now === status,
  );
const OFTEN = ["--health-interval", "100ms", "--health-timeout", "20s", "--health-retries", "2"];
const SERVER = ["busybox", "netcheck", "serve", "tcp", "80", "hello"];

test("a health check follows what is true, and a restart begins anew", async () => {
  await docker(
    "run",
    "-d",
    "--name",
    "hc",
    "--health-cmd",
    "test -f /ok",
    ...OFTEN,
    "busybox",
    "sleep",
    "1000",
  );
  await becomes("hc", "unhealthy");
  const log = await docker("inspect", "-f", "{{json .State.Health}}", "hc");
  expect(JSON.parse(log)).toMatchObject({ Status: "unhealthy", Log: expect.any(Array) });
  expect(JSON.parse(log).Log.length).toBeLessThanOrEqual(5);
  await docker("exec", "hc", "touch", "/ok");
  await becomes("hc", "healthy");
  expect(await docker("ps", "--filter", "health=healthy", "--format", "{{.Names}} {{.Status}}")).toMatch(
    /^hc Up .*\(healthy\)$/,
  );
  await docker("exec", "hc", "rm", "/ok");
  await docker("restart", "-t", "0", "hc");
  await becomes("hc", "unhealthy");
  await docker("rm", "-f", "hc");
});

test("--no-healthcheck and health checks of the image", async () => {
  const script = join(import.meta.dir, "../../tools/setup/busybox-rootfs.sh");
  await daemon().machine.text([
    "sh",
    "-c",
    'sh "$0" "$1/sick" && tar -C "$1/sick" -cf "$1/sick.tar" . && rm -r "$1/sick"',
    script,
    daemon().machine.directory,
  ]);
  await docker(
    "import",
    ...["-c", 'HEALTHCHECK --interval=100ms --retries=1 CMD ["false"]', "-c", 'CMD ["sleep", "1000"]'],
    join(daemon().machine.directory, "sick.tar"),
    "sick",
  );
  await docker("run", "-d", "--name", "sick", "sick");
  await becomes("sick", "unhealthy");
  await docker("run", "-d", "--no-healthcheck", "--name", "well", "sick");
  expect(await docker("inspect", "-f", "{{.State.Health}} {{.Config.Healthcheck.Test}}", "well")).toBe(
    "<nil> [NONE]",
  );
  await docker("rm", "-f", "sick", "well");
});

test.skipIf(IS_DOCKERD)("native probes ask from inside the container's network and run nothing", async () => {
  const probe = (url: string) => ["--annotation", `wharf.health=${url}`];
  await docker(
    "run",
    "-d",
    "--name",
    "tcp",
    "--network",
    "none",
    ...probe("tcp://localhost:80"),
    ...OFTEN,
    ...SERVER,
  );
  await becomes("tcp", "healthy");
  await docker(
    "run",
    "-d",
    "--name",
    "joined",
    "--network",
    "container:tcp",
    ...probe("tcp://localhost:80"),
    ...OFTEN,
    "busybox",
    "sleep",
    "1000",
  );
  await becomes("joined", "healthy");
  await daemon().wharfText(
    "run",
    "-d",
    "--name",
    "http",
    "--health-probe",
    "http://localhost:80/x",
    ...OFTEN,
    ...SERVER,
  );
  await becomes("http", "unhealthy"); // it says hello, not HTTP
  expect(await docker("inspect", "-f", "{{(index .State.Health.Log 0).Output}}", "http")).toBe(
    "the answer is not HTTP",
  );
  const events = await docker("events", "--since", "0", "--until", "0s", "--filter", "event=exec_create");
  expect(events).not.toContain("name=tcp");
  const refused = await daemon().docker("create", ...probe("http://example.org:80/"), "busybox");
  expect(refused.stderr).toContain('invalid health probe "http://example.org:80/"');
  await docker("rm", "-f", "joined", "http", "tcp");
});

test.skipIf(IS_DOCKERD)("what is unhealthy is begun anew or stopped when asked for", async () => {
  const sick = ["--health-cmd", "false", ...OFTEN];
  await daemon().wharfText(
    "run",
    "-d",
    "--name",
    "anew",
    "--on-unhealthy",
    "restart",
    ...sick,
    "--stop-signal",
    "KILL",
    "busybox",
    "sleep",
    "1000",
  );
  await until(
    "begun anew twice",
    () => docker("inspect", "-f", "{{.RestartCount}}", "anew"),
    (count) => Number(count) >= 2,
  );
  await docker("stop", "-t", "0", "anew");
  expect(await docker("inspect", "-f", "{{.State.Status}}", "anew")).toBe("exited");
  await docker(
    "run",
    "-d",
    "--name",
    "ends",
    "--annotation",
    "wharf.on-unhealthy=stop",
    "--restart",
    "always",
    ...sick,
    "--stop-signal",
    "KILL",
    "busybox",
    "sleep",
    "1000",
  );
  await until(
    "stopped",
    () => docker("inspect", "-f", "{{.State.Status}}", "ends"),
    (status) => status === "exited",
  );
  await docker("rm", "anew", "ends");
});

testNothingIsLeft(daemon);
