/** What volumes can do beyond Docker: other names, clones, snapshots, archives. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);
const wharf = (...args: string[]) => daemon().wharfText(...args);
const refused = async (...args: string[]) => (await daemon().wharf(...args)).stderr;
const sh = (script: string) => daemon().machine.text(["sh", "-ec", script]);
const at = (name: string) => join(daemon().machine.directory, name);
const inVolume = (volume: string, script: string) =>
  docker("run", "--rm", "-v", `${volume}:/v`, "busybox", "sh", "-c", script);
const volumes = async () => (await docker("volume", "ls", "-q")).split("\n").filter((name) => name !== "");
const directories = async () => (await sh(`ls -A ${daemon().dataRoot}/volumes`)).split("\n").filter(Boolean);

const FILL =
  "mkdir /v/d; echo one >/v/d/one; ln /v/d/one /v/two; ln -s d/one /v/link; mkfifo /v/pipe; chown 5:6 /v/d/one; chmod 600 /v/d/one";
const SHOW = "cd /v; cat d/one link; stat -c '%u:%g %a %h' two; stat -c %F pipe";
const SHOWN = "one\none\n5:6 600 2\nfifo";

test("rename gives a volume another name, unless a container was made with it", async () => {
  await docker("volume", "create", "--label", "a=b", "old");
  await inVolume("old", FILL);
  await docker("create", "--name", "user", "-v", "old:/v", "busybox");
  expect(await refused("volume", "rename", "old", "new")).toMatch(
    /rename old: volume is in use - \[[0-9a-f]{64}\]/,
  );
  await docker("rm", "user");
  await docker("volume", "create", "taken");
  expect(await refused("volume", "rename", "old", "taken")).toContain("there is a volume taken already");
  expect(await refused("volume", "rename", "old", "../x")).toContain("includes invalid characters");
  expect(await refused("volume", "rename", "none", "new")).toContain("get none: no such volume");
  await wharf("volume", "rename", "old", "new");
  expect(await docker("volume", "inspect", "-f", "{{.Labels.a}}", "new")).toBe("b");
  expect(await inVolume("new", SHOW)).toBe(SHOWN);
  expect(await volumes()).toEqual(["new", "taken"]);
  expect(await directories()).toEqual(["new", "taken"]);
  await docker("volume", "rm", "new", "taken");
});

test("clone makes a volume of its own with the same files", async () => {
  await docker("volume", "create", "--label", "a=b", "first");
  await inVolume("first", FILL);
  expect(await wharf("volume", "clone", "--label", "c=d", "first", "second")).toBe("second");
  expect(await inVolume("second", SHOW)).toBe(SHOWN);
  await inVolume("second", "echo changed >/v/d/one");
  expect(await inVolume("first", "cat /v/two")).toBe("one");
  const [inspected] = JSON.parse(await docker("volume", "inspect", "second"));
  expect(inspected.Labels).toEqual({ a: "b", c: "d" });
  expect(await refused("volume", "clone", "first", "second")).toContain("there is a volume second already");
  expect(await refused("volume", "clone", "none", "third")).toContain("get none: no such volume");
  await docker("volume", "rm", "first", "second");
});

test("a snapshot is only read, and can be made a volume again", async () => {
  await inVolume("data", FILL);
  const name = await wharf("volume", "snapshot", "data");
  expect(name).toMatch(/^data-\d{8}T\d{6}Z$/);
  expect(await wharf("volume", "snapshot", "data", "before")).toBe("before");
  await inVolume("data", "rm -rf /v/d /v/two; echo later >/v/later");
  expect(await docker("run", "--rm", "-v", "before:/v:ro", "busybox", "sh", "-c", SHOW)).toBe(SHOWN);
  const write = await refused("run", "--rm", "-v", "before:/v", "busybox", "true");
  expect(write).toContain("volume before is a snapshot of data: it can only be mounted read-only");
  expect(await docker("volume", "inspect", "-f", "{{.Status.SnapshotOf}}", "before")).toBe("data");
  await wharf("volume", "clone", "before", "again");
  expect(await inVolume("again", SHOW)).toBe(SHOWN);
  await docker("volume", "rm", "data", "before", "again", name);
});

test("export and import carry everything a volume holds, and names that lead out stay in it", async () => {
  await inVolume("box", FILL);
  await wharf("volume", "export", "-o", at("box.tar"), "box");
  await wharf("volume", "import", "--label", "x=y", "copy", at("box.tar"));
  expect(await inVolume("copy", SHOW)).toBe(SHOWN);
  expect(await docker("volume", "inspect", "-f", "{{.Labels.x}}", "copy")).toBe("y");
  expect(await refused("volume", "import", "copy", at("box.tar"))).toContain(
    "there is a volume copy already",
  );
  await sh(`zstd -q ${at("box.tar")}`);
  await wharf("volume", "import", "packed", at("box.tar.zst"));
  expect(await inVolume("packed", SHOW)).toBe(SHOWN);

  await sh(`cd ${at("")}; mkdir evil; echo bad >evil/bad; ln -s ${at("")} evil/out
    tar -C evil -cf evil.tar --transform 's,^bad,../../../escaped,;s,^in,out/escaped,' -P bad out
    echo bad >evil/in; tar -C evil -rf evil.tar --transform 's,^in,out/escaped,' -P in`);
  await daemon().wharf("volume", "import", "evil", at("evil.tar"));
  expect(await sh(`ls ${at("escaped")} ${daemon().dataRoot}/escaped 2>&1 || true`)).not.toMatch(/^\//m);
  await sh(`head -c 3000 ${at("box.tar")} >${at("half.tar")}; echo no archive >${at("text")}`);
  expect(await refused("volume", "import", "text", at("text"))).not.toBe("");
  expect(await refused("volume", "import", "half", at("half.tar"))).not.toBe("");
  const left = (await volumes()).filter((name) => name !== "evil");
  expect(left).toEqual(["box", "copy", "packed"]);
  await docker("volume", "rm", ...(await volumes()));
  expect(await directories()).toEqual([]);
});

/** Writes the same number to one file and then to another, over and over. */
const COUNT =
  "i=0; while :; do i=$((i+1)); echo $i >/v/.n; mv /v/.n /v/first; echo $i >/v/.n; mv /v/.n /v/second; done";

test("copies show one moment, as the containers that write stand still", async () => {
  await docker("run", "-d", "--name", "counts", "-v", "busy:/v", "busybox", "sh", "-c", COUNT);
  await until(
    "it counts",
    () => daemon().docker("exec", "counts", "cat", "/v/second"),
    ({ exitCode }) => exitCode === 0,
  );
  for (const name of ["c1", "c2"]) {
    await wharf("volume", "clone", "busy", name);
    const [first = 0, second = 0] = (await inVolume(name, "cat /v/first /v/second")).split("\n").map(Number);
    expect([0, 1]).toContain(first - second);
  }
  await wharf("volume", "export", "-o", at("busy.tar"), "busy");
  const [first = 0, second = 0] = (
    await sh(`tar -xOf ${at("busy.tar")} ./first ./second || tar -xOf ${at("busy.tar")} first second`)
  )
    .split("\n")
    .map(Number);
  expect([0, 1]).toContain(first - second);
  const before = Number(await docker("exec", "counts", "cat", "/v/first"));
  await until(
    "it counts on",
    () => docker("exec", "counts", "cat", "/v/first"),
    (text) => Number(text) > before,
  );
  expect(await docker("inspect", "-f", "{{.State.Status}}", "counts")).toBe("running");
  await docker("rm", "-f", "counts");
  await docker("volume", "rm", "busy", "c1", "c2");
});

test("a daemon that dies while it copies leaves no half volume, and no container standing still", async () => {
  await inVolume("big", "for i in $(seq 1 64); do head -c 1000000 /dev/urandom >/v/$i; done");
  await docker("run", "-d", "--name", "writes", "-v", "big:/v", "busybox", "top");
  const cloning = daemon().wharf("volume", "clone", "big", "copy");
  await until("it copies", directories, (names) => names.includes("copy"));
  await daemon().kill();
  await cloning;
  await daemon().start();
  expect(await docker("exec", "writes", "echo", "runs")).toBe("runs");
  await until("it is whole or gone", directories, (names) => names.every((name) => !name.startsWith(".")));
  if ((await volumes()).includes("copy")) expect(await inVolume("copy", "ls /v | wc -l")).toBe("64");
  else expect(await directories()).toEqual(["big"]);
  await docker("rm", "-f", "writes");
  await docker("volume", "rm", ...(await volumes()));
});

test("ls and inspect measure volumes on request", async () => {
  await inVolume("sized", "head -c 5000 /dev/zero >/v/f");
  expect(await wharf("volume", "ls", "--size")).toMatch(
    /VOLUME NAME\s+LINKS\s+SIZE\nlocal\s+sized\s+0\s+5kB/,
  );
  expect(await wharf("volume", "inspect", "--size", "-f", "{{.UsageData.Size}}", "sized")).toBe("5000");
  expect(await refused("volume", "update", "--availability", "drain", "sized")).toContain(
    "can only update cluster volumes",
  );
  const update = await daemon().api("PUT", "/v1.44/volumes/sized?version=1", { Spec: {} });
  expect(update).toMatchObject({ status: 503 });
  await docker("volume", "rm", "sized");
});

testNothingIsLeft(daemon);
