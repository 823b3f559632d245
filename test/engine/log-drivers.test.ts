/** Log drivers: what reaches an endpoint, what `docker logs` shows of it, and that no endpoint is felt by a container. */
import { expect, test } from "bun:test";
import { startLogEndpoint } from "../helpers/log-endpoint.ts";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);

/**
 * Endpoints must live that long: one that ends between taking lines and the engine's hearing so is offered them again, for
 * the ten minutes that a removed container's lines are kept.
 */
async function allIsSent(): Promise<void> {
  const spools = () => daemon().machine.text(["sh", "-c", `ls ${daemon().dataRoot}/log-spool`]);
  await until("sent spools are gone", spools, (names) => names === "");
}

/** Runs a command with a log driver and removes the container: what is sent must not depend on its staying. */
async function say(command: string, driver: string, ...options: string[]): Promise<string> {
  const flags = options.flatMap((option) => ["--log-opt", option]);
  return await docker(
    "run",
    "--rm",
    "--name",
    "speaker",
    "--log-driver",
    driver,
    ...flags,
    "busybox",
    "sh",
    "-c",
    command,
  );
}

test("syslog: each format over TCP and UDP, with tag, facility and severity", async () => {
  const { machine } = daemon();
  await using tcp = await startLogEndpoint(machine, "tcp", "127.0.0.1:5140");
  await using udp = await startLogEndpoint(machine, "udp", "127.0.0.1:5140");
  const words = "echo hello; echo oops >&2";
  const format = (name: string) => `syslog-format=${name}`;
  await say(
    words,
    "syslog",
    "syslog-address=tcp://127.0.0.1:5140",
    format("rfc5424"),
    "tag={{.Name}}",
    "syslog-facility=local1",
  );
  const text = await tcp.receives("oops");
  const host = (await machine.text(["hostname"])).trim();
  expect(text).toMatch(
    new RegExp(
      `^<142>1 \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ ${host} speaker \\d+ speaker - hello\n`,
      "m",
    ),
  );
  expect(text).toMatch(/^<139>1 .* - oops\n/m);
  await say("echo micro", "syslog", "syslog-address=tcp://127.0.0.1:5140", format("rfc5424micro"), "tag=x");
  expect(await tcp.receives("micro")).toMatch(
    /^<30>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z \S+ x \d+ x - micro\n/m,
  );
  await say("echo old", "syslog", "syslog-address=udp://127.0.0.1:5140", format("rfc3164"), "tag=x");
  expect(await udp.receives("old")).toMatch(
    new RegExp(`^<30>[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d ${host} x\\[\\d+\\]: old\n`, "m"),
  );
  await say("echo plain", "syslog", "syslog-address=udp://127.0.0.1:5140");
  expect(await udp.receives("plain")).toMatch(
    /^<30>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [0-9a-f]{12}\[\d+\]: plain\n/m,
  );
  await allIsSent();
});

test("syslog and journald: local datagrams with the container's fields", async () => {
  const { machine } = daemon();
  await using syslog = await startLogEndpoint(machine, "unixgram", "/run/test-syslog");
  await say("echo to syslog", "syslog", "syslog-address=unixgram:///run/test-syslog", "tag=t");
  expect(await syslog.receives("to syslog")).toMatch(/ t\[\d+\]: to syslog\n/);
  await using journal = await startLogEndpoint(machine, "unixgram", "/run/systemd/journal/socket");
  await docker(
    "run",
    "--rm",
    "--name",
    "journal",
    "--log-driver",
    "journald",
    "--log-opt",
    "labels=my.label",
    "--label",
    "my.label=v",
    "busybox",
    "sh",
    "-c",
    "echo to journal >&2",
  );
  const fields = (await journal.receives("to journal")).split("\n");
  expect(fields).toEqual(
    expect.arrayContaining([
      "MESSAGE=to journal",
      "PRIORITY=3",
      "CONTAINER_NAME=journal",
      "IMAGE_NAME=busybox",
      "MY_LABEL=v",
    ]),
  );
  await allIsSent();
});

test("gelf, fluentd and an HTTP event collector get lines with what describes the container", async () => {
  const { machine } = daemon();
  await using gelf = await startLogEndpoint(machine, "tcp", "127.0.0.1:12201");
  await say("echo to gelf", "gelf", "gelf-address=tcp://127.0.0.1:12201", "env=COLOR", "tag=T");
  const message = JSON.parse((await gelf.receives("to gelf")).split("\0")[0]!);
  expect(message).toMatchObject({
    version: "1.1",
    short_message: "to gelf",
    level: 6,
    _container_name: "speaker",
    _image_name: "busybox",
    _tag: "T",
  });
  expect(message._command).toBe("sh -c echo to gelf");
  await using datagrams = await startLogEndpoint(machine, "udp", "127.0.0.1:12201");
  await say("echo by udp", "gelf", "gelf-address=udp://127.0.0.1:12201", "gelf-compression-type=none");
  expect(await datagrams.receives("by udp")).toContain('"short_message":"by udp"');
  await using fluentd = await startLogEndpoint(machine, "unix", `${machine.directory}/fluentd.sock`);
  await say(
    "echo to fluentd",
    "fluentd",
    `fluentd-address=unix://${machine.directory}/fluentd.sock`,
    "tag=docker.{{.Name}}",
  );
  const packed = await fluentd.receives("to fluentd");
  for (const part of ["docker.speaker", "container_name", "/speaker", "source", "stdout", "log"])
    expect(packed).toContain(part);
  await using splunk = await startLogEndpoint(machine, "http", "127.0.0.1:8088");
  await say(
    'echo {\\"a\\":1}',
    "splunk",
    "splunk-url=http://127.0.0.1:8088",
    "splunk-token=t",
    "splunk-format=json",
    "splunk-verify-connection=true",
  );
  const events = await splunk.receives('"event"');
  expect(events).toStartWith("OPTIONS /services/collector/event/1.0 HTTP/1.1\n");
  expect(JSON.parse(events.split("\n").find((line) => line.startsWith("{"))!)).toMatchObject({
    event: { line: { a: 1 }, source: "stdout" },
  });
  await allIsSent();
});

test("logs reads what is shipped, unless its cache is disabled", async () => {
  await using endpoint = await startLogEndpoint(daemon().machine, "udp", "127.0.0.1:5141");
  const run = (name: string, ...options: string[]) =>
    docker(
      "run",
      "--name",
      name,
      "--log-driver",
      "syslog",
      "--log-opt",
      "syslog-address=udp://127.0.0.1:5141",
      ...options,
      "busybox",
      "sh",
      "-c",
      "echo one; echo two",
    );
  await run("cached", "--log-opt", "tag=x");
  expect(await docker("logs", "cached")).toBe("one\ntwo");
  expect(await docker("logs", "--details", "--tail", "1", "cached")).toBe("tag=x two");
  await run("uncached", "--log-opt", "cache-disabled=true");
  expect((await daemon().docker("logs", "uncached")).stderr).toContain(
    "configured logging driver does not support reading",
  );
  await endpoint.receives("two");
  await docker("rm", "cached", "uncached");
  await allIsSent();
});

test("a dead endpoint is not felt by containers, and gets their lines when it lives, also after a restart of the daemon", async () => {
  const d = daemon();
  const options = [
    "--log-driver",
    "syslog",
    "--log-opt",
    "syslog-address=tcp://127.0.0.1:5142",
    "--log-opt",
    "tag=x",
  ];
  await docker("run", "--rm", ...options, "busybox", "sh", "-c", "echo of a removed container");
  await docker(
    "run",
    "-d",
    "--name",
    "patient",
    ...options,
    "busybox",
    "sh",
    "-c",
    "seq 1 5000; exec sleep 1000",
  );
  await until(
    "written",
    () => docker("logs", "--tail", "1", "patient"),
    (line) => line === "5000",
  );
  await d.kill("SIGKILL");
  await d.start();
  await using endpoint = await startLogEndpoint(d.machine, "tcp", "127.0.0.1:5142");
  await endpoint.receives("]: 5000\n");
  const text = await endpoint.receives("of a removed container");
  const numbers = new Set([...text.matchAll(/\]: (\d+)$/gm)].map(([, number]) => Number(number)));
  expect(numbers.size).toBe(5000);
  await docker("rm", "-f", "patient");
  await allIsSent();
});

test("local: compressed and capped files that logs reads and follows across rotations", async () => {
  const d = daemon();
  const options = [
    "--log-driver",
    "local",
    "--log-opt",
    "max-size=64k",
    "--log-opt",
    "max-file=4",
    "--label",
    "a=b",
  ];
  await docker(
    "run",
    "-d",
    "--name",
    "rotating",
    ...options,
    "busybox",
    "sh",
    "-c",
    "seq 1 100000; sleep 1000",
  );
  await until(
    "written",
    () => docker("logs", "--tail", "1", "rotating"),
    (line) => line === "100000",
  );
  const id = await docker("inspect", "-f", "{{.Id}}", "rotating");
  const names = async () =>
    (await d.machine.text(["ls", `${d.dataRoot}/containers/${id}/local-logs`])).trim().split("\n").sort();
  await until(
    "compressed",
    names,
    (all) =>
      all.filter((name) => name.endsWith(".gz")).length === 3 && !all.includes("container.log.compressed"),
  );
  const lines = (await docker("logs", "rotating")).split("\n").map(Number);
  expect(lines).toEqual(Array.from({ length: lines.length }, (_, i) => 100_001 - lines.length + i));
  expect(lines.length).toBeGreaterThan(20_000);
  const tail = (await docker("logs", "--tail", "20000", "rotating")).split("\n");
  expect(tail).toEqual(lines.slice(-20_000).map(String));
  expect(await docker("logs", "-t", "--tail", "1", "rotating")).toMatch(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z 100000$/,
  );
  expect(await docker("inspect", "-f", "{{.LogPath}}", "rotating")).toBe("");
  await docker("rm", "-f", "rotating");
});

test("json-file: rotated files are compressed when asked, and read in order", async () => {
  const d = daemon();
  const options = ["--log-opt", "max-size=100k", "--log-opt", "max-file=3", "--log-opt", "compress=true"];
  await docker("run", "-d", "--name", "zipped", ...options, "busybox", "sh", "-c", "seq 1 20000; sleep 1000");
  await until(
    "written",
    () => docker("logs", "--tail", "1", "zipped"),
    (line) => line === "20000",
  );
  const path = await docker("inspect", "-f", "{{.LogPath}}", "zipped");
  const list = async () => (await d.machine.text(["sh", "-c", `ls ${path}*`])).trim().split("\n");
  await until("compressed", list, (all) => all.filter((name) => name.endsWith(".gz")).length === 2);
  const lines = (await docker("logs", "zipped")).split("\n").map(Number);
  expect(lines).toEqual(Array.from({ length: lines.length }, (_, i) => 20001 - lines.length + i));
  expect((await docker("logs", "--tail", "1500", "zipped")).split("\n")).toEqual(
    lines.slice(-1500).map(String),
  );
  await docker("rm", "-f", "zipped");
});

testNothingIsLeft(daemon);
