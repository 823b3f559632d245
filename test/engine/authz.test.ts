/** Authorization plugins: programs of ours that are asked about every request, through the stock client and raw bytes. */
import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";
import { RawClient } from "../../src/api/http/_raw-client.ts";
import { commandsFor } from "../helpers/commands.ts";
import { IS_DOCKERD } from "../helpers/daemon.ts";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const PROGRAM = join(import.meta.dir, "../programs/authz-plugin.py");
const SOCKETS = "/run/docker/plugins";
const hasOpenssl = Bun.which("openssl") !== null;
const TLS_PORT = 2376;

/** Shell: starts plugin `$name` of the machine's directory `$1` and waits for its socket. */
const START = `start() {
  rm -f ${SOCKETS}/$2.sock; mkdir -p $1/$2
  setsid python3 ${PROGRAM} ${SOCKETS}/$2.sock $1/$2 </dev/null >>$1/$2/log 2>&1 & echo $! >$1/$2/pid
  until [ -S ${SOCKETS}/$2.sock ]; do sleep 0.05; done
}`;

/** Shell: a certificate of our own authority for the daemon and one for a client called ann. */
const CERTIFICATES = `
key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"; cd $1; exec 2>/dev/null
openssl req -x509 $key -keyout ca.key -out ca.pem -subj /CN=ca -days 2
echo subjectAltName=IP:127.0.0.1 >san
for name in server ann; do
  openssl req $key -keyout $name.key -out $name.csr -subj /O=ours/CN=$name
  openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out $name.pem -extfile san
done
echo '{"authorization-plugins": ["first", "second"], "tlsverify": true,
  "tlscacert": "'$1'/ca.pem", "tlscert": "'$1'/server.pem", "tlskey": "'$1'/server.key"}' >$1/daemon.json`;

const PREPARE = `${START}
start $1 first; start $1 second
echo '{"authorization-plugins": ["first", "second"]}' >$1/daemon.json
${hasOpenssl ? CERTIFICATES : ""}
cp $1/daemon.json /run/authz.json`;

// What a flag and the file both say, dockerd refuses: there the plugins are all the file says.
const daemon = useDaemon({ prepare: PREPARE, flags: configFlags() });
const { docker, refused, sh, home } = commandsFor(daemon);
const outside = () => daemon().machine.outside(daemon().socket);

function configFlags(): string[] {
  if (IS_DOCKERD) return ["--authorization-plugin", "first", "--authorization-plugin", "second"];
  return ["--config-file", "/run/authz.json", ...(hasOpenssl ? ["-H", `tcp://127.0.0.1:${TLS_PORT}`] : [])];
}

interface Question {
  readonly when: "req" | "res";
  readonly RequestMethod: string;
  readonly RequestUri: string;
  readonly RequestBody?: string;
  readonly User?: string;
  readonly UserAuthNMethod?: string;
  readonly RequestPeerCertificates?: string[];
  readonly ResponseStatusCode?: number;
}

/** What a plugin was asked since the last look. */
async function asked(name: string): Promise<Question[]> {
  const text = await sh(`touch ${home(name)}/asked; cat ${home(name)}/asked; : >${home(name)}/asked`);
  return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Question]));
}

async function setRules(name: string, rules: readonly object[]): Promise<void> {
  await Bun.write(daemon().machine.outside(join(home(name), "rules.json")), JSON.stringify(rules));
}

async function start(name: string): Promise<void> {
  await sh(`${START}\nstart ${daemon().machine.directory} ${name}`);
}

async function stop(name: string): Promise<void> {
  await sh(`kill -9 $(cat ${home(name)}/pid); rm ${SOCKETS}/${name}.sock`);
}

afterEach(async () => {
  for (const name of ["first", "second"]) await setRules(name, []);
});

test("are asked in order about requests and answers, and listed", async () => {
  expect(JSON.parse(await docker("info", "-f", "{{json .Plugins.Authorization}}"))).toEqual([
    "first",
    "second",
  ]);
  for (const name of ["first", "second"]) await asked(name);
  await docker("volume", "create", "one");
  for (const name of ["first", "second"]) {
    const create = (await asked(name)).filter(({ RequestUri }) => RequestUri.endsWith("/volumes/create"));
    expect(create.map(({ when }) => when)).toEqual(["req", "res"]);
    expect(JSON.parse(create[0]!.RequestBody!)).toMatchObject({ Name: "one" });
    expect(create[1]).toMatchObject({ RequestMethod: "POST", ResponseStatusCode: 201 });
  }
  await docker("volume", "rm", "one");
});

test("deny in Docker's words: the first, the second, an answer, a failure", async () => {
  await setRules("first", [
    { when: "req", uri: "/volumes/create", answer: { Allow: false, Msg: "not you" } },
  ]);
  await asked("second");
  expect(await refused("volume", "create", "no")).toBe(
    "Error response from daemon: authorization denied by plugin first: not you",
  );
  expect((await asked("second")).filter(({ RequestUri }) => RequestUri.includes("create"))).toEqual([]);
  await setRules("first", []);

  await setRules("second", [
    { when: "req", uri: "/volumes/create", answer: { Allow: false } },
    { when: "res", uri: "/volumes$", answer: { Allow: false, Msg: "not that" } },
    { uri: "/networks", answer: { Err: "no disk" }, status: 500 },
  ]);
  expect(await refused("volume", "create", "no")).toBe(
    "Error response from daemon: authorization denied by plugin second:",
  );
  expect(await refused("volume", "ls")).toBe(
    "Error response from daemon: authorization denied by plugin second: not that",
  );
  expect(await refused("network", "ls")).toBe(
    "Error response from daemon: plugin second failed with error: AuthZPlugin.AuthZReq: no disk",
  );
  expect((await daemon().api("GET", "/v1.41/networks")).status).toBe(500);
  const denied = await daemon().api("POST", "/v1.41/volumes/create", { Name: "no" });
  expect([denied.status, denied.json]).toEqual([403, { message: "authorization denied by plugin second: " }]);
  await setRules("second", []);
  expect(await docker("volume", "ls", "-q")).toBe("");
});

test("see what takes a connection over, and keep it from doing so", async () => {
  await docker("run", "-di", "--name", "box", "busybox", "cat");
  await setRules("first", [
    { when: "req", uri: "/exec$", body: '"id"', answer: { Allow: false, Msg: "no id" } },
  ]);
  expect(await refused("exec", "box", "id")).toContain("authorization denied by plugin first: no id");
  await asked("first");
  expect(await docker("exec", "-i", "box", "echo", "yes")).toBe("yes");
  const asks = (await asked("first")).filter(({ RequestUri }) => /\/exec\/\w+\/start$/.test(RequestUri));
  expect(asks[0]!.when).toBe("req");
  // Docker asks about the answer when the stream is over.
  if (!IS_DOCKERD) expect(asks.slice(1)).toMatchObject([{ when: "res", ResponseStatusCode: 101 }]);

  await setRules("first", [{ when: "req", uri: "/attach", answer: { Allow: false, Msg: "no attach" } }]);
  // All its client tells of a refused upgrade.
  expect(await refused("attach", "--no-stdin", "box")).toBe("unable to upgrade to tcp, received 403");
  await setRules("first", [{ when: "req", uri: "/logs", answer: { Allow: false, Msg: "no logs" } }]);
  expect(await refused("logs", "-f", "box")).toContain("authorization denied by plugin first: no logs");
  if (!IS_DOCKERD) {
    await setRules("first", [
      { when: "res", uri: "/(attach|logs|exec/)", answer: { Allow: false, Msg: "late" } },
    ]);
    for (const command of [
      ["attach", "--no-stdin", "box"],
      ["logs", "-f", "box"],
      ["exec", "box", "id"],
    ]) {
      const { exitCode, stdout, stderr } = await daemon().docker(...command);
      expect([command[0], exitCode === 0, stdout]).toEqual([command[0]!, false, ""]);
      expect(stderr).toMatch(/authorization denied by plugin first: late|upgrade to tcp, received 403/);
    }
  }
  await setRules("first", []);
  await docker("rm", "-f", "box");
});

test.skipIf(IS_DOCKERD)("attack 41: a body that is announced as none does not get past them", async () => {
  await setRules("second", [
    { when: "req", body: "Privileged|hidden", answer: { Allow: false, Msg: "seen" } },
  ]);
  const body = JSON.stringify({ Image: "busybox", HostConfig: { Privileged: true } });
  const head =
    "POST /v1.43/containers/create?name=hidden HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n";
  const chunked = `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  for (const rest of [
    `Content-Length: 0\r\n\r\n${body}`,
    `\r\n${body}`,
    `Content-Length: 0\r\n${chunked}`,
    chunked,
    `Content-Length: ${body.length}\r\n\r\n${body}`,
  ]) {
    const client = await RawClient.connect(outside());
    client.send(head + rest);
    expect((await client.answer()).status).toBeGreaterThanOrEqual(400);
    client.close();
  }
  expect(await docker("ps", "-aq")).toBe("");
  // Its twin: the same request with nothing to hide, in chunks.
  await setRules("second", [{ when: "req", body: "Privileged", answer: { Allow: false, Msg: "seen" } }]);
  const client = await RawClient.connect(outside());
  client.send(head + chunked.replaceAll("Privileged", "AutoRemove"));
  expect((await client.answer()).status).toBe(201);
  client.close();
  await docker("rm", "hidden");
});

test.skipIf(IS_DOCKERD)("attack 42: a body longer than Docker shows is shown, or refused", async () => {
  await setRules("second", [
    { when: "req", body: '"Privileged": ?true', answer: { Allow: false, Msg: "seen" } },
  ]);
  const create = (megabytes: number, HostConfig: object) =>
    daemon().api("POST", "/v1.43/containers/create?name=long", {
      Image: "busybox",
      Labels: { long: "x".repeat(megabytes << 20) },
      HostConfig,
    });
  const denied = await create(2, { Privileged: true });
  expect([denied.status, denied.json]).toEqual([
    403,
    { message: "authorization denied by plugin second: seen" },
  ]);
  await asked("second");
  expect((await create(33, { Privileged: true })).status).toBe(413);
  expect(await asked("second")).toEqual([]);
  expect((await create(2, {})).status).toBe(201);
  await docker("rm", "long");
});

test.skipIf(IS_DOCKERD)("close the door when one is gone, and open it when it is back", async () => {
  await docker("run", "-d", "--name", "lives", "busybox", "top");
  await stop("second");
  const { status, json } = await daemon().api("GET", "/v1.43/containers/json");
  expect(status).toBe(500);
  expect((json as { message: string }).message).toStartWith("plugin second failed with error: ");
  expect((await daemon().api("GET", "/_ping")).status).toBe(500);
  await start("second");
  expect(await docker("ps", "--format", "{{.Names}}")).toBe("lives");
});

test.skipIf(IS_DOCKERD)("are changed by a reload, and govern a daemon that starts before them", async () => {
  const reload = (plugins: readonly string[]) =>
    sh(`sed -i 's/"authorization-plugins": [^]]*]/"authorization-plugins": ${JSON.stringify(plugins)}/' /run/authz.json
      kill -HUP $(cat ${home("wharf.pid")})`);
  const plugins = async () => JSON.parse(await docker("info", "-f", "{{json .Plugins.Authorization}}"));
  await reload(["first"]);
  await until("one is asked", plugins, (names) => names?.length === 1);
  await asked("second");
  await stop("second");
  expect(await docker("ps", "--format", "{{.Names}}")).toBe("lives");
  await reload([]);
  await until("none is asked", plugins, (names) => names === null);
  await stop("first");
  expect(await docker("ps", "--format", "{{.Names}}")).toBe("lives");
  await start("first");
  await reload(["first"]);
  await until("one is asked again", plugins, (names) => names?.length === 1);

  await setRules("first", [
    { when: "req", uri: "/kill|/containers/lives", answer: { Allow: false, Msg: "no" } },
  ]);
  await daemon().kill();
  await daemon().start();
  expect(await refused("rm", "-f", "lives")).toContain("authorization denied by plugin first: no");
  await setRules("first", []);
  await docker("rm", "-f", "lives");
  await start("second");
  await reload(["first", "second"]);
  await until("both are asked", plugins, (names) => names?.length === 2);
});

test.skipIf(IS_DOCKERD || !hasOpenssl)("are told who asks, by the certificate (needs openssl)", async () => {
  await asked("first");
  const { directory } = daemon().machine;
  const tls = [
    "--tlsverify",
    ...["cacert=ca.pem", "cert=ann.pem", "key=ann.key"].map(
      (one) => `--tls${one.replace("=", `=${directory}/`)}`,
    ),
  ];
  await sh(`DOCKER_HOST= docker -H tcp://127.0.0.1:${TLS_PORT} ${tls.join(" ")} volume ls -q`);
  const [question] = (await asked("first")).filter(({ RequestUri }) => RequestUri.endsWith("/volumes"));
  expect(question).toMatchObject({ User: "ann", UserAuthNMethod: "TLS" });
  const pem = Buffer.from(question!.RequestPeerCertificates![0]!, "base64").toString();
  expect(pem).toBe(await Bun.file(daemon().machine.outside(`${directory}/ann.pem`)).text());
  await docker("volume", "ls");
  expect((await asked("first")).filter(({ User }) => User !== undefined)).toEqual([]);
});

testNothingIsLeft(daemon);
