/** `wharf compose` and the stock plugin take over each other's projects: what did not change is not made anew. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { POLITE, writeProject } from "../helpers/compose.ts";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

/** Where packages put the plugin; `WHARF_COMPOSE_PLUGIN` names another. */
const PLUGIN = [
  process.env.WHARF_COMPOSE_PLUGIN ?? "",
  "/usr/libexec/docker/cli-plugins/docker-compose",
  "/usr/lib/docker/cli-plugins/docker-compose",
  "/usr/local/lib/docker/cli-plugins/docker-compose",
].find((path) => path !== "" && existsSync(path));

const SHARED = `
services:
  web:
    image: busybox
    command: ${POLITE}
    environment: {KIND: a, EMPTY: }
    ports: ["127.0.0.1:8080:80"]
    depends_on: [db]
    networks: {back: {aliases: [www]}, front: }
    labels: [role=front]
    configs: [{source: conf, target: /etc/conf}]
    mem_limit: 64m
    stop_grace_period: 2s
  db:
    image: busybox
    command: ${POLITE}
    volumes: [data:/data, ./:/project:ro]
    networks: [back]
    healthcheck: {test: ["CMD", "true"], interval: 5s}
    deploy: {resources: {limits: {pids: 20}}}
networks: {back: {driver_opts: {com.docker.network.driver.mtu: 1400}}, front: }
volumes: {data: {labels: {kept: "yes"}}}
configs: {conf: {file: ./compose.yaml}}
`;

const daemon = useDaemon();
const ids = (name: string) =>
  daemon().dockerText("ps", "-aq", "--no-trunc", "--filter", `label=com.docker.compose.project=${name}`);

for (const first of ["wharf", "plugin"] as const) {
  test.skipIf(PLUGIN === undefined)(
    `a project that ${first} brought up is left alone by the other`,
    async () => {
      const project = await writeProject(daemon(), `taken-${first}`, SHARED);
      const plugin = async (...args: string[]) => {
        const argv = [PLUGIN!, "-p", project.name, "-f", `${project.directory}/compose.yaml`, ...args];
        const env = {
          DOCKER_HOST: `unix://${daemon().socket}`,
          HOME: project.directory,
          PATH: "/usr/bin:/bin",
        };
        const { exitCode, stderr } = await daemon().machine.run(argv, { env });
        expect([exitCode, stderr]).toEqual([0, expect.anything()]);
      };
      const [up, other] = first === "wharf" ? [project.text, plugin] : [plugin, project.text];
      await up("up", "-d");
      const before = await ids(project.name);
      await other("up", "-d");
      expect(await ids(project.name)).toBe(before);
      await project.write(SHARED.replace("KIND: a", "KIND: b"));
      await other("up", "-d");
      const after = (await ids(project.name)).split("\n");
      expect(after.filter((id) => before.includes(id))).toHaveLength(1);
      await other("down", "-v");
      expect(await ids(project.name)).toBe("");
    },
  );
}

testNothingIsLeft(daemon);
