/** Debian's docker-compose 1.29, unchanged, with a project of what projects are made of. */
import { beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const PROJECT = `
version: "3.9"
services:
  web:
    image: busybox
    command: sh -c "mkdir -p /www; echo hello >/www/index.html; echo serving; exec httpd -f -h /www"
    ports: ["8080:80"]
    networks: [front, back]
    depends_on: [db]
  db:
    image: busybox
    command: sleep 1000
    volumes: ["data:/data", "./conf:/conf:ro"]
    networks: {back: {aliases: [database]}}
    healthcheck: {test: ["CMD", "true"], interval: 1s}
    restart: unless-stopped
  worker:
    image: busybox
    command: sleep 1000
    networks: [back]
    tmpfs: [/scratch]
    extra_hosts: ["gw:host-gateway"]
volumes: {data: {}}
networks: {front: {}, back: {driver: bridge}}
`;

/** Each run of docker-compose is a second of Python, on a busy machine several. */
const SLOW_MS = 240_000;

const daemon = useDaemon();
const folder = () => join(daemon().machine.directory, "project");
const compose = (...args: string[]) =>
  daemon().machine.run(
    [
      "docker-compose",
      "--no-ansi",
      "--project-directory",
      folder(),
      "-f",
      `${folder()}/docker-compose.yml`,
      ...args,
    ],
    {
      env: { DOCKER_HOST: `unix://${daemon().socket}` },
    },
  );
const text = async (...args: string[]) => {
  const { exitCode, stdout, stderr } = await compose(...args);
  if (exitCode !== 0) throw new Error(`docker-compose ${args.join(" ")}: ${exitCode}\n${stdout}${stderr}`);
  return stdout;
};
const ids = async () =>
  (await daemon().dockerText("ps", "-q", "--no-trunc")).split("\n").filter(Boolean).sort();

beforeAll(() => {
  const outside = daemon().machine.outside(folder());
  mkdirSync(join(outside, "conf"), { recursive: true });
  writeFileSync(join(outside, "conf/setting"), "from the host");
  writeFileSync(join(outside, "docker-compose.yml"), PROJECT);
});

test.skipIf(Bun.which("docker-compose") === null)(
  "docker-compose brings a project up, changes it, looks at it and takes it down (needs docker-compose)",
  async () => {
    await text("up", "-d");
    const first = await ids();
    expect(first).toHaveLength(3);
    expect(await daemon().machine.text(["busybox", "wget", "-qO-", "http://127.0.0.1:8080"])).toBe("hello\n");
    expect(await text("exec", "-T", "worker", "nslookup", "database")).toContain("Name:\tdatabase");
    expect(await daemon().dockerText("exec", "project_db_1", "cat", "/conf/setting")).toBe("from the host");
    expect(await text("run", "--rm", "worker", "cat", "/etc/hosts")).toContain("\tgw\n");
    await text("up", "-d", "--scale", "worker=3");
    const scaled = await ids();
    expect(scaled).toHaveLength(5);
    for (const id of first) expect(scaled).toContain(id); // what did not change stays
    expect(await text("logs", "web")).toContain("serving");
    await text("stop", "-t", "0");
    await text("start");
    expect(await ids()).toEqual(scaled);
    await text("down", "-v", "-t", "0");
    expect(await daemon().dockerText("ps", "-aq")).toBe("");
    expect(await daemon().dockerText("volume", "ls", "-q")).toBe("");
  },
  SLOW_MS,
);

testNothingIsLeft(daemon);
