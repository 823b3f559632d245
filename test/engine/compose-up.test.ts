/** `wharf compose up` and `down`: what is made, what is made anew, and what is left alone. */
import { expect, test } from "bun:test";
import { POLITE, type TestProject, writeProject } from "../helpers/compose.ts";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);
const project = (name: string, yaml: string) => writeProject(daemon(), name, yaml);
const ids = (name: string) =>
  docker("ps", "-aq", "--no-trunc", "--filter", `label=com.docker.compose.project=${name}`);

const HEALTHY = `healthcheck: {test: ["CMD", "true"], interval: 100ms}`;

const SHOP = (env = "a") => `
services:
  db:
    image: busybox
    command: ${POLITE}
    ${HEALTHY}
    volumes: [data:/data, /anonymous]
    networks: [back]
  init: {image: busybox, command: "true", networks: [back]}
  web:
    image: busybox
    command: ${POLITE}
    environment: {KIND: ${env}}
    depends_on:
      db: {condition: service_healthy}
      init: {condition: service_completed_successfully}
    networks: {back: {aliases: [www]}, front: {}}
    secrets: [token, {source: inline, target: /deep/inline, uid: "5", gid: "6", mode: 0400}]
    configs: [{source: conf, target: /etc/conf}]
  spare: {image: busybox, command: sleep 1000, profiles: [extra]}
networks: {back: {}, front: {}}
volumes: {data: {}}
secrets: {token: {file: ./token}, inline: {environment: SECRET_WORD}}
configs: {conf: {file: ./conf}}
`;

let shop: TestProject;

test("up --wait starts services as their conditions come true, with their names, secrets and configs", async () => {
  shop = await project("shop", SHOP());
  await shop.writeFile("token", "s3cret");
  await shop.writeFile("conf", "answer=42");
  await shop.writeFile(".env", "SECRET_WORD=hidden");
  const { exitCode, stderr } = await shop.compose("up", "-d", "--wait");
  expect([exitCode, stderr]).toEqual([0, expect.stringContaining("Container shop-web-1 Healthy")]);
  const lines = stderr.split("\n");
  const at = (text: string) => lines.findIndex((line) => line.includes(text));
  expect(at("Container shop-web-1 Starting")).toBeGreaterThan(at("Container shop-db-1 Healthy"));
  expect(at("Container shop-web-1 Starting")).toBeGreaterThan(at("Container shop-init-1 Exited"));
  const script =
    "cat /run/secrets/token /etc/conf /deep/inline; stat -c %u:%g:%a /deep/inline; nslookup db >/dev/null && echo found";
  expect(await shop.text("exec", "-T", "web", "sh", "-c", script)).toBe(
    "s3cretanswer=42hidden5:6:400\nfound",
  );
  expect(await shop.text("exec", "-T", "db", "nslookup", "www")).toContain("Address");
  const labels = JSON.parse(await docker("inspect", "-f", "{{json .Config.Labels}}", "shop-web-1"));
  expect(labels).toMatchObject({
    "com.docker.compose.project": "shop",
    "com.docker.compose.service": "web",
    "com.docker.compose.container-number": "1",
    "com.docker.compose.oneoff": "False",
    "com.docker.compose.depends_on": "db:service_healthy:false,init:service_completed_successfully:false",
    "com.docker.compose.project.working_dir": shop.directory,
    "com.docker.compose.config-hash": expect.stringMatching(/^[0-9a-f]{64}$/),
    "com.docker.compose.image": expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
  });
  expect(
    await docker("network", "inspect", "-f", '{{index .Labels "com.docker.compose.network"}}', "shop_back"),
  ).toBe("back");
});

test("up again touches nothing; a change makes only its service anew, and keeps anonymous volumes", async () => {
  const before = await ids("shop");
  await shop.text("up", "-d");
  expect(await ids("shop")).toBe(before);
  await shop.text("exec", "-T", "db", "sh", "-c", "echo kept >/anonymous/file");
  const [db, web] = [await shop.id("db-1"), await shop.id("web-1")];
  await shop.write(SHOP("b"));
  const { stderr } = await shop.compose("up", "-d");
  expect(stderr).toContain("Container shop-web-1 Recreated");
  expect([await shop.id("db-1"), (await shop.id("web-1")) === web]).toEqual([db, false]);
  expect(await shop.text("exec", "-T", "web", "sh", "-c", "echo $KIND")).toBe("b");
  await shop.text("up", "-d", "--force-recreate", "-t", "0", "db");
  expect(await shop.text("exec", "-T", "db", "cat", "/anonymous/file")).toBe("kept");
  await shop.text("up", "-d", "-V", "-t", "0", "db");
  expect((await shop.compose("exec", "-T", "db", "cat", "/anonymous/file")).exitCode).toBe(1);
  await shop.write(SHOP("c"));
  await shop.text("up", "-d", "--no-recreate");
  expect(await shop.text("exec", "-T", "web", "sh", "-c", "echo $KIND")).toBe("b");
});

test("profiles and names choose services; --dry-run changes nothing", async () => {
  expect(await docker("ps", "-a", "--format", "{{.Names}}")).not.toContain("spare");
  const { stderr } = await shop.compose("--profile", "extra", "--dry-run", "up", "-d", "spare");
  expect(stderr).toContain("DRY-RUN MODE -  Container shop-spare-1 Creating");
  expect(await docker("ps", "-a", "--format", "{{.Names}}")).not.toContain("spare");
  await shop.text("up", "-d", "spare");
  expect(await docker("ps", "--format", "{{.Names}}")).toContain("shop-spare-1");
});

test("down takes everything but volumes, with -v those too", async () => {
  const { stderr } = await shop.compose("down", "-t", "0");
  expect(stderr).toContain("Network shop_back Removed");
  expect(await ids("shop")).toBe("");
  expect(await docker("volume", "ls", "-q")).toContain("shop_data");
  await shop.text("down", "-v");
  expect(await docker("volume", "ls", "-q", "--filter", "label=com.docker.compose.project=shop")).toBe("");
  expect((await shop.compose("down")).stderr).toContain('No resource found to remove for project "shop"');
});

test("replicas come and go by number; a service that is gone is an orphan", async () => {
  const yaml = (extra: string) => `
services:
  web: {image: busybox, command: ${POLITE}, scale: 2}
${extra}`;
  const many = await project("many", yaml(`  old: {image: busybox, command: sleep 1000}`));
  await many.text("up", "-d");
  await many.text("up", "-d", "--scale", "web=3");
  const first = await many.id("web-1");
  expect(await many.text("ps", "--format", "{{.Name}}", "web")).toBe("many-web-1\nmany-web-2\nmany-web-3");
  await many.text("scale", "web=1");
  expect(await many.text("ps", "--format", "{{.Name}}", "web")).toBe("many-web-1");
  expect(await many.id("web-1")).toBe(first);
  await many.write(yaml(""));
  expect((await many.compose("up", "-d")).stderr).toContain("Found orphan containers (many-old-1)");
  await many.text("up", "-d", "--remove-orphans", "-t", "0");
  expect(await docker("ps", "-a", "--format", "{{.Names}}", "--filter", "name=many-old")).toBe("");
  await many.text("down", "-t", "0");
});

test("a changed network moves its containers; a changed volume is made anew only when told so", async () => {
  const yaml = (subnet: string, label: string) => `
services:
  a: {image: busybox, command: ${POLITE}, volumes: ["data:/data"]}
networks: {default: {ipam: {config: [{subnet: ${subnet}}]}}}
volumes: {data: {labels: {kind: ${label}}}}`;
  const moving = await project("moving", yaml("10.61.1.0/24", "one"));
  await moving.text("up", "-d");
  const before = await moving.id("a-1");
  await moving.text("exec", "-T", "a", "touch", "/data/file");
  await moving.write(yaml("10.61.2.0/24", "one"));
  await moving.text("up", "-d", "-t", "0");
  expect(await moving.id("a-1")).toBe(before);
  expect(await moving.text("exec", "-T", "a", "ip", "-4", "addr", "show", "eth0")).toContain("10.61.2.");
  await moving.write(yaml("10.61.2.0/24", "two"));
  await moving.text("up", "-d", "-t", "0");
  expect(await moving.text("exec", "-T", "a", "ls", "/data")).toBe("file");
  await moving.text("up", "-d", "-y", "-t", "0");
  expect(await moving.text("exec", "-T", "a", "ls", "/data")).toBe("");
  await moving.text("down", "-v", "-t", "0");
});

test("services share namespaces and volumes, and follow when the one they share with is replaced", async () => {
  const yaml = (env: string) => `
services:
  main: {image: busybox, command: ${POLITE}, volumes: [/shared], environment: {E: ${env}}, ipc: shareable}
  side:
    image: busybox
    command: ${POLITE}
    network_mode: service:main
    ipc: service:main
    pid: service:main
    volumes_from: ["main:ro"]`;
  const pod = await project("pod", yaml("1"));
  await pod.text("up", "-d");
  const [main, side] = [await pod.id("main-1"), await pod.id("side-1")];
  expect(await docker("inspect", "-f", "{{.HostConfig.NetworkMode}}", side)).toBe(`container:${main}`);
  expect((await pod.compose("exec", "-T", "side", "touch", "/shared/x")).stderr).toContain("Read-only");
  await pod.text("up", "-d");
  expect(await pod.id("side-1")).toBe(side);
  await pod.write(yaml("2"));
  await pod.text("up", "-d", "-t", "0");
  const replaced = await pod.id("main-1");
  expect(await docker("inspect", "-f", "{{.HostConfig.NetworkMode}}", `pod-side-1`)).toBe(
    `container:${replaced}`,
  );
  await pod.text("down", "-v", "-t", "0");
});

test("hooks run before the start, after it and before the stop", async () => {
  const hooks = await project(
    "hooks",
    `
services:
  web:
    image: busybox
    command: ${POLITE}
    volumes: ["log:/log"]
    pre_start: [{command: [sh, -c, "echo before >>/log/all"]}]
    post_start: [{command: [sh, -c, "echo after >>/log/all"]}]
    pre_stop: [{command: [sh, -c, "echo stopping >>/log/all"]}]
volumes: {log: {}}`,
  );
  await hooks.text("up", "-d");
  await hooks.text("stop", "-t", "0");
  await hooks.text("up", "-d");
  expect(await hooks.text("exec", "-T", "web", "cat", "/log/all")).toBe(
    "before\nafter\nstopping\nbefore\nafter",
  );
  await hooks.text("down", "-v", "-t", "0");
});

const FAILURES: { title: string; yaml: string; says: string; started: string }[] = [
  {
    title: "an unhealthy dependency",
    yaml: `
services:
  db: {image: busybox, command: sleep 1000, healthcheck: {test: ["CMD", "false"], interval: 100ms, retries: 1}}
  web: {image: busybox, command: sleep 1000, depends_on: {db: {condition: service_healthy}}}`,
    says: "dependency failed to start: container failing-db-1 is unhealthy",
    started: "failing-db-1",
  },
  {
    title: "a dependency that fails instead of completing",
    yaml: `
services:
  init: {image: busybox, command: sh -c "exit 7"}
  web: {image: busybox, command: sleep 1000, depends_on: {init: {condition: service_completed_successfully}}}`,
    says: `service "init" didn't complete successfully: exit 7`,
    started: "failing-init-1",
  },
  {
    title: "an image that is not there",
    yaml: `
services:
  good: {image: busybox, command: sleep 1000}
  bad: {image: "localhost:1/none:1", pull_policy: never}`,
    says: "No such image: localhost:1/none:1",
    started: "",
  },
  {
    title: "a container that cannot be created",
    yaml: `
services:
  good: {image: busybox, command: sleep 1000}
  bad: {image: busybox, cap_add: [NO_SUCH]}`,
    says: "NO_SUCH",
    started: "",
  },
  {
    title: "a build section without its image",
    yaml: `
services:
  made: {build: .}`,
    says: `service "made": image "failing-made" is not here, and this version cannot build it`,
    started: "",
  },
  {
    title: "a dependency circle",
    yaml: `
services:
  a: {image: busybox, depends_on: [b]}
  b: {image: busybox, depends_on: [a]}`,
    says: "dependency cycle detected",
    started: "",
  },
  {
    title: "several containers with one name",
    yaml: `
services:
  a: {image: busybox, container_name: fixed, scale: 2}`,
    says: "fixed",
    started: "",
  },
  {
    title: "an external network that is missing",
    yaml: `
services:
  a: {image: busybox, networks: [out]}
networks: {out: {external: true}}`,
    says: "network out declared as external, but could not be found",
    started: "",
  },
];

for (const { title, yaml, says, started } of FAILURES)
  test(`up fails on ${title}, says so, and starts nothing that depends on it`, async () => {
    const failing = await project("failing", yaml);
    const { exitCode, stderr } = await failing.compose("up", "-d");
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(says)]);
    const label = "label=com.docker.compose.project=failing";
    const ran = ["--filter", "status=running", "--filter", "status=exited"];
    expect(await docker("ps", "-a", "--filter", label, ...ran, "--format", "{{.Names}}")).toBe(started);
    await daemon().wharfText("compose", "-p", "failing", "down", "-t", "0");
  });

test("what is only wanted may fail", async () => {
  const optional = await project(
    "optional",
    `
services:
  init: {image: busybox, command: sh -c "exit 7"}
  web:
    image: busybox
    command: ${POLITE}
    depends_on: {init: {condition: service_completed_successfully, required: false}}`,
  );
  expect((await optional.compose("up", "-d")).stderr).toContain("WARNING: optional dependency");
  expect(await optional.text("ps", "--services")).toBe("web");
  await optional.text("down", "-t", "0");
});

testNothingIsLeft(daemon);
