import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import type { Duplex } from "node:stream";
import { ContainersLab } from "../../test/fakes/containers-lab.ts";

let lab: ContainersLab;
beforeEach(() => {
  lab = new ContainersLab();
});
afterEach(() => lab[Symbol.dispose]());

const all = { stdin: true, stdout: true, stderr: true, logs: false, stream: true, detachKeys: "" };

function collect(stream: Duplex): { text: string; readonly ended: Promise<void> } {
  const collected = { text: "", ended: new Promise<void>((done) => stream.once("end", done)) };
  stream.on("data", (chunk) => {
    collected.text += chunk;
  });
  return collected;
}

describe("attach()", () => {
  test("before the start is connected before the process runs", async () => {
    const id = await lab.create("web");
    const { stream, terminal } = await lab.containers.attach(id, all);
    expect(terminal).toBe(false);
    const output = collect(stream);
    stream.write("echo me");
    await lab.containers.start(id);
    await lab.settle();
    expect(output.text).toBe("echo me"); // the process of this world says what it reads
    expect(lab.actions()).toEqual(["create", "attach", "start"]);
  });

  test("before a start that fails sees the end", async () => {
    const id = await lab.create("web");
    const { stream } = await lab.containers.attach(id, all);
    const output = collect(stream);
    lab.failAt("mounts.root");
    await lab.containers.start(id).catch(() => {});
    await output.ended;
  });

  test("before the removal of the container sees the end", async () => {
    const id = await lab.create("web");
    const output = collect((await lab.containers.attach(id, all)).stream);
    await lab.containers.remove(id, { force: false, volumes: false, link: false });
    await output.ended;
  });

  test("forgets a client that goes before the start", async () => {
    const id = await lab.create("web");
    const { stream } = await lab.containers.attach(id, all);
    stream.destroy();
    await lab.settle();
    await lab.containers.start(id);
    expect(lab.world.connected).toBe(0);
  });

  test("hands over the process's own connection where nothing stands in between", async () => {
    const id = await lab.create("web");
    await lab.containers.start(id);
    const { stream } = await lab.containers.attach(id, all);
    expect(lab.process(id).connections.at(-1) === stream).toBe(true);
  });

  test("at a terminal lets go at the detach keys", async () => {
    const id = await lab.create("web", { Tty: true, OpenStdin: true });
    await lab.containers.start(id);
    const { stream, terminal } = await lab.containers.attach(id, { ...all, detachKeys: "ctrl-x" });
    expect(terminal).toBe(true);
    const output = collect(stream);
    stream.write("\x18");
    await output.ended;
    expect(lab.actions()).toEqual(["create", "start", "attach", "detach"]);
    expect(lab.containers.get(id).state.status).toBe("running");
  });

  test("replays the log, alone or before what comes", async () => {
    const id = await lab.create("web", { Tty: true });
    await lab.containers.start(id);
    const entry = { log: "said before\n", stream: "stdout", time: "2026-11-21T03:00:00Z" };
    writeFileSync(lab.containers.get(id).paths.log, `${JSON.stringify(entry)}\n`);
    const replay = collect((await lab.containers.attach(id, { ...all, logs: true, stream: false })).stream);
    await replay.ended;
    expect(replay.text).toBe("said before\n");
    const both = collect((await lab.containers.attach(id, { ...all, stdin: false, logs: true })).stream);
    lab.process(id).connections.at(-1)!.push("said now");
    while (both.text.length < "said before\nsaid now".length) await Bun.sleep(1);
    expect(both.text).toBe("said before\nsaid now");
  });

  test("is refused to a paused container, and with keys that are none", async () => {
    const id = await lab.create("web");
    await lab.containers.start(id);
    await expect(lab.containers.attach(id, { ...all, detachKeys: "nope" })).rejects.toThrow(
      "Invalid detach keys",
    );
    await lab.containers.pause(id);
    await expect(lab.containers.attach("web", all)).rejects.toThrow(
      "container web is paused, unpause the container before attach",
    );
  });
});

describe("logs()", () => {
  const request = {
    stdout: true,
    stderr: true,
    follow: true,
    timestamps: false,
    details: false,
    tail: undefined,
    since: undefined,
    until: undefined,
    signal: new AbortController().signal,
  };

  test("follows a running container to its end", async () => {
    const id = await lab.create("web", { Tty: true });
    await lab.containers.start(id);
    const entry = (log: string) =>
      `${JSON.stringify({ log, stream: "stdout", time: "2026-11-21T03:00:00Z" })}\n`;
    writeFileSync(lab.containers.get(id).paths.log, entry("1\n"));
    const { chunks } = await lab.containers.logs(id, request);
    let text = "";
    for await (const chunk of chunks) {
      text += Buffer.from(chunk).toString();
      if (text.includes("2")) lab.process(id).exit(0);
      else writeFileSync(lab.containers.get(id).paths.log, entry("2\n"), { flag: "a" });
    }
    expect(text).toBe("1\n2\n");
  });

  test("of a container that does not run ends by itself", async () => {
    await lab.create("web");
    const { chunks } = await lab.containers.logs("web", request);
    expect(await Array.fromAsync(chunks)).toEqual([]);
  });

  test("needs a stream and a driver that can be read", async () => {
    await lab.create("web", { HostConfig: { LogConfig: { Type: "none" } } });
    await expect(lab.containers.logs("web", { ...request, stdout: false, stderr: false })).rejects.toThrow(
      "must specify at least one of 'stdout' or 'stderr'",
    );
    await expect(lab.containers.logs("web", request)).rejects.toMatchObject({
      kind: "notImplemented",
      message: "configured logging driver does not support reading",
    });
  });
});
