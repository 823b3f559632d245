// What authors of tools do with dockerode, against whatever DOCKER_HOST says. Ends with "done"; throws at the first surprise.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { PassThrough } from "node:stream";

const require = createRequire(`${process.env.CLIENTS}/`);
const Docker = require("dockerode");
const docker = new Docker({ socketPath: process.env.DOCKER_HOST.replace("unix://", "") });

const textOf = async (stream) => {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces).toString();
};
const split = async (stream) => {
  const [out, err] = [new PassThrough(), new PassThrough()];
  docker.modem.demuxStream(stream, out, err);
  stream.on("end", () => {
    out.end();
    err.end();
  });
  return await Promise.all([textOf(out), textOf(err)]);
};

const events = await docker.getEvents({ filters: { type: ["container"] } });
let seen = "";
events.on("data", (data) => {
  seen += data;
});

const version = await docker.version();
assert.ok(Number(version.ApiVersion) >= 1.41);
assert.equal((await docker.ping()).toString(), "OK");

// run(): create, attach, start, wait in one call
const collected = new PassThrough();
const output = textOf(collected);
const [result, ran] = await docker.run("busybox", ["sh", "-c", "echo hello; exit 3"], collected, {
  Tty: true,
});
collected.end();
assert.equal(result.StatusCode, 3);
assert.equal((await output).trim(), "hello");
await ran.remove();

const container = await docker.createContainer({
  name: "ode",
  Image: "busybox",
  Cmd: ["sh", "-c", "echo out; echo err >&2; exec sleep 1000"],
  Labels: { made: "by-test" },
  ExposedPorts: { "80/tcp": {} },
  HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "0" }] }, Memory: 64 << 20 },
});
await container.start();
const facts = await container.inspect();
assert.equal(facts.State.Running, true);
assert.equal(facts.HostConfig.Memory, 64 << 20);
assert.match(facts.NetworkSettings.Ports["80/tcp"][0].HostPort, /^\d+$/);
const [listed] = await docker.listContainers({ filters: { label: ["made=by-test"] } });
assert.equal(listed.Names[0], "/ode");

const follow = await container.logs({ follow: true, stdout: true, stderr: true });
const frames = await new Promise((resolve) => {
  const pieces = [];
  follow.on("data", (piece) => {
    pieces.push(piece);
    const all = Buffer.concat(pieces);
    if (all.includes("out\n") && all.includes("err\n")) resolve(all);
  });
});
follow.destroy();
assert.ok(frames.length >= 2 * 8 + 8);
const logs = await container.logs({ stdout: true, stderr: false });
assert.ok(logs.toString().endsWith("out\n"));

const exec = await container.exec({
  Cmd: ["sh", "-c", "cat; echo oops >&2; exit 5"],
  AttachStdin: true,
  AttachStdout: true,
  AttachStderr: true,
});
const stream = await exec.start({ hijack: true, stdin: true });
const both = split(stream);
stream.end("typed\n");
assert.deepEqual(await both, ["typed\n", "oops\n"]);
assert.equal((await exec.inspect()).ExitCode, 5);

const stats = await container.stats({ stream: false });
assert.ok(stats.memory_stats.usage > 0);
assert.ok((await container.top()).Processes.length >= 1);

// archives: what goes in comes out
const pack = require("tar-fs").pack;
const { mkdtempSync, writeFileSync } = await import("node:fs");
const folder = mkdtempSync("/tmp/ode-");
writeFileSync(`${folder}/note`, "from outside");
await container.putArchive(pack(folder), { path: "/tmp" });
const archive = await textOf(await container.getArchive({ path: "/tmp/note" }));
assert.ok(archive.includes("from outside"));

await container.rename({ name: "ode2" });
await container.update({ Memory: 96 << 20, MemorySwap: -1 });
await container.pause();
assert.equal((await container.inspect()).State.Paused, true);
await container.unpause();
await container.restart({ t: 0 });
await container.stop({ t: 0 });
assert.equal((await container.wait()).StatusCode, 137);
const image = await container.commit({ repo: "ode/made", tag: "1", changes: 'CMD ["true"]' });
assert.match(image.Id, /^sha256:/);
assert.deepEqual((await docker.getImage("ode/made:1").inspect()).Config.Cmd, ["true"]);
await docker.getImage("ode/made:1").remove();
await container.remove({ force: true });
await assert.rejects(
  container.inspect(),
  (error) => error.statusCode === 404 && /No such container/.test(error.message),
);

const network = await docker.createNetwork({
  Name: "ode-net",
  IPAM: { Config: [{ Subnet: "10.88.7.0/24" }] },
});
const member = await docker.createContainer({ Image: "busybox", Cmd: ["sleep", "1000"] });
await member.start();
await network.connect({ Container: member.id, EndpointConfig: { IPAMConfig: { IPv4Address: "10.88.7.9" } } });
assert.equal((await network.inspect()).Containers[member.id].IPv4Address, "10.88.7.9/24");
await network.disconnect({ Container: member.id, Force: true });
await member.remove({ force: true });
await network.remove();

await docker.createVolume({ Name: "ode-volume", Labels: { a: "b" } });
assert.deepEqual((await docker.getVolume("ode-volume").inspect()).Labels, { a: "b" });
assert.ok((await docker.listVolumes()).Volumes.some(({ Name }) => Name === "ode-volume"));
await docker.getVolume("ode-volume").remove();

await assert.rejects(docker.pull("127.0.0.1:1/none:1"), (error) => error.statusCode >= 400);
const df = await docker.df();
assert.ok(Array.isArray(df.Images));
events.destroy();
for (const action of ["create", "start", "die", "destroy"])
  assert.ok(seen.includes(`"Action":"${action}"`), action);
console.log("done");
process.exit(0);
