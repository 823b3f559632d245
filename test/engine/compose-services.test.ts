/** What services of a project may ask for beside a plain container: jobs, hooks for each replica, the engine's socket. */
import { expect, test } from "bun:test";
import { POLITE, writeProject } from "../helpers/compose.ts";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const project = (name: string, yaml: string) => writeProject(daemon(), name, yaml);

test("up --wait waits for the end of jobs, and fails when one fails", async () => {
  const jobs = (code: number) => `
services:
  migrate: {image: busybox, command: sh -c "exit ${code}", deploy: {mode: replicated-job, replicas: 2}}
  seed: {image: busybox, command: "true", deploy: {mode: global-job}}
  web: {image: busybox, command: ${POLITE}, deploy: {mode: global}}`;
  const app = await project("jobs", jobs(0));
  expect((await app.compose("up", "-d", "--wait")).exitCode).toBe(0);
  const states = (await app.text("ps", "-a", "--format", "{{.Name}}={{.State}}")).split("\n").sort();
  expect(states).toEqual([
    "jobs-migrate-1=exited",
    "jobs-migrate-2=exited",
    "jobs-seed-1=exited",
    "jobs-web-1=running",
  ]);
  await app.write(jobs(4));
  const { exitCode, stderr } = await app.compose("up", "-d", "--wait");
  expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/migrate.*exited \(4\)|migrate.* 4/)]);
  await app.text("down", "-t", "0");
});

test("pre_start runs once for the service, with per_replica for each replica, also for later ones", async () => {
  const app = await project(
    "hooked",
    `
services:
  web:
    image: busybox
    command: ${POLITE}
    volumes: [log:/log]
    pre_start:
      - {command: [sh, -c, "echo each >>/log/hooks"], per_replica: true}
      - {command: [sh, -c, "echo once >>/log/hooks"]}
volumes: {log: {}}`,
  );
  const hooks = () => app.text("exec", "-T", "web", "cat", "/log/hooks");
  await app.text("up", "-d", "--scale", "web=2");
  expect(await hooks()).toBe("each\neach\nonce");
  await app.text("up", "-d", "--scale", "web=3");
  expect(await hooks()).toBe("each\neach\nonce\neach");
  expect((await daemon().dockerText("ps", "-aq")).split("\n")).toHaveLength(3);
  await app.text("down", "-v", "-t", "0");
});

test("use_api_socket gives a service the engine's socket and the credentials, and no other service", async () => {
  const config = `{"auths":{"registry.example":{"auth":"${Buffer.from("me:word").toString("base64")}"}}}`;
  await Bun.write(daemon().machine.outside(`${daemon().machine.directory}/config/config.json`), config);
  const app = await project(
    "socket",
    `
services:
  asks: {image: busybox, command: ${POLITE}, use_api_socket: true}
  other: {image: busybox, command: ${POLITE}}`,
  );
  await app.text("up", "-d");
  const exec = (service: string, script: string) => app.text("exec", "-T", service, "sh", "-c", script);
  expect(await exec("asks", 'test -S /var/run/docker.sock; echo $?; cat "$DOCKER_CONFIG/config.json"')).toBe(
    `0\n${config}`,
  );
  expect(await exec("other", 'test -S /var/run/docker.sock; echo "$? $DOCKER_CONFIG"')).toBe("1 ");
  const again = await app.compose("up", "-d");
  expect(again.stderr).not.toMatch(/Recreat|Creat/);
  expect(await app.text("run", "--rm", "-T", "asks", "test", "-S", "/var/run/docker.sock")).toBe("");
  const remote = await daemon().wharf(
    "-H",
    "tcp://127.0.0.1:1",
    "compose",
    "-f",
    `${app.directory}/compose.yaml`,
    "up",
    "-d",
  );
  expect(remote.stderr).toContain("use_api_socket is not possible with the engine at tcp://127.0.0.1:1");
  await app.text("down", "-t", "0");
});

testNothingIsLeft(daemon);
