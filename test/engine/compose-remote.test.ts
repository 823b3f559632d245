/** Compose files of git repositories and registries; and what hostile ones try. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { run } from "#base/spawn.ts";
import { POLITE } from "../helpers/compose.ts";
import { type Registry, startRegistry } from "../helpers/registry.ts";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const home = () => daemon().machine.directory;
const sh = (script: string, ...args: string[]) =>
  daemon().machine.text(["bash", "-ec", script, "sh", home(), ...args]);
const compose = (...args: string[]) => daemon().wharf("compose", ...args);

const gitPath = Bun.which("git") === null ? "" : (await run(["git", "--exec-path"])).stdout.trim();
const HAS_GIT = existsSync(join(gitPath, "git-daemon"));
const HAS_REGISTRY = Bun.which("docker-registry") !== null;

const REPOSITORY = `
export HOME=$1 GIT_CONFIG_GLOBAL=/dev/null
mkdir -p $1/git/work/sub && cd $1/git/work
git init -q . && git symbolic-ref HEAD refs/heads/main
git config user.email a@example && git config user.name a
cat >compose.yaml <<'END'
services: {web: {image: busybox, command: ${POLITE}, env_file: [web.env], volumes: ["./data:/data:ro"]}}
END
echo 'FROM=repository' >web.env; mkdir data; echo kept >data/file
cp compose.yaml web.env sub; sed -i s/repository/sub/ sub/web.env
ln -s /etc outside; ln -s /etc/hostname file.yaml
git add -A; git commit -qm one; git tag -a -m v1 v1
echo 'FROM=later' >web.env; git commit -qam two
git clone -q --bare . ../repo.git
setsid git daemon --listen=127.0.0.1 --reuseaddr --export-all --base-path=$1/git $1/git >/dev/null 2>&1 </dev/null &
`;

let registry: Registry | undefined;
beforeAll(async () => {
  if (HAS_GIT) await sh(REPOSITORY);
  if (HAS_REGISTRY) registry = await startRegistry(daemon().machine);
  if (HAS_GIT)
    await until(
      "the git server",
      () => daemon().machine.run(["git", "ls-remote", "git://127.0.0.1/repo.git"]),
      ({ exitCode }) => exitCode === 0,
    );
});
afterAll(async () => await registry?.[Symbol.asyncDispose]());

test.skipIf(!HAS_GIT)(
  "a project of a git repository comes up from a branch, a tag and a subdirectory (needs git)",
  async () => {
    const repository = "git://127.0.0.1/repo.git";
    const from = async (reference: string) => {
      const { stdout, stderr, exitCode } = await compose(
        "-p",
        "repo",
        "-f",
        reference,
        "config",
        "--format",
        "json",
      );
      if (exitCode !== 0) throw new Error(stderr);
      return JSON.parse(stdout).services.web.environment.FROM;
    };
    expect([
      await from(repository),
      await from(`${repository}#v1`),
      await from(`${repository}#main:sub`),
    ]).toEqual(["later", "repository", "sub"]);
    expect((await compose("-p", "repo", "-f", repository, "up", "-d")).exitCode).toBe(0);
    expect(await daemon().dockerText("exec", "repo-web-1", "cat", "/data/file")).toBe("kept");
    expect((await compose("-p", "repo", "-f", repository, "down", "-t", "0")).exitCode).toBe(0);
    const local = join(home(), "local.yaml");
    await Bun.write(
      daemon().machine.outside(local),
      `
include: ["${repository}#v1:sub/compose.yaml"]
services: {own: {extends: {file: "${repository}", service: web}}}`,
    );
    const { stdout } = await compose("-f", local, "config", "--format", "json");
    const { services } = JSON.parse(stdout);
    expect([services.web.environment.FROM, services.own.environment.FROM]).toEqual(["sub", "later"]);
    expect(services.own.volumes[0].source).toMatch(/\/\.cache\/wharf\/compose\/git\/[^/]+\/data$/);
  },
);

const OUT_OF_THE_REPOSITORY = [
  { reference: "#main:../../../../etc", says: "leads out of the repository" },
  { reference: "#main:outside/hostname", says: "leads out of the repository" },
  { reference: "#main:file.yaml", says: "leads out of the repository" },
  { reference: "#main:outside", says: "the repository has no outside" },
  { reference: "#--upload-pack=touch", says: "is no branch, tag or commit" },
  { reference: "#gone", says: 'has no branch or tag "gone"' },
];

test.skipIf(!HAS_GIT)("nothing outside a repository is read by its name (needs git)", async () => {
  for (const { reference, says } of OUT_OF_THE_REPOSITORY) {
    const { exitCode, stderr } = await compose("-f", `git://127.0.0.1/repo.git${reference}`, "config");
    expect([reference, exitCode, stderr]).toEqual([reference, 1, expect.stringContaining(says)]);
  }
});

/** Puts a project into the registry whose second file has the annotations of the arguments. */
const HOSTILE = `
import hashlib, json, sys, urllib.request
base, name, media, notes = sys.argv[1:5]
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
def call(method, url, data=None, kind="application/octet-stream"):
    request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": kind})
    return opener.open(request)
def blob(data):
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    place = call("POST", f"{base}/v2/{name}/blobs/uploads/", b"").headers["Location"]
    place = place if place.startswith("http") else base + place
    call("PUT", place + ("&" if "?" in place else "?") + "digest=" + digest, data)
    return {"digest": digest, "size": len(data)}
main = blob(b"services: {a: {image: busybox}}")
evil = blob(b"evil")
manifest = {
    "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "artifactType": "application/vnd.docker.compose.project",
    "config": {"mediaType": "application/vnd.oci.empty.v1+json", **blob(b"{}")},
    "layers": [
        {"mediaType": "application/vnd.docker.compose.file+yaml", **main, "annotations": {"com.docker.compose.file": "../../main"}},
        {"mediaType": media, **evil, "annotations": json.loads(notes)},
    ],
}
call("PUT", f"{base}/v2/{name}/manifests/v1", json.dumps(manifest).encode(), manifest["mediaType"])
`;

test.skipIf(!HAS_REGISTRY)(
  "an artifact writes nothing outside its directory, whatever its annotations say (needs docker-registry)",
  async () => {
    const name = "evil/app";
    const place = `${registry!.address}/${name}:v1`;
    const push = (media: string, notes: object) =>
      daemon().machine.text([
        ...["python3", "-c", HOSTILE, `http://${registry!.address}`, name],
        ...[`application/vnd.docker.compose.${media}`, JSON.stringify(notes)],
      ]);
    const target = join(home(), "evil");
    for (const path of ["../../../../../../evil", target]) {
      const extended = { "com.docker.compose.extends": "true", "com.docker.compose.file": path };
      for (const [media, notes] of [
        ["envfile", { "com.docker.compose.envfile": path }],
        ["file+yaml", extended],
      ] as const) {
        await push(media, notes);
        const { exitCode, stderr } = await compose("-f", `oci://${place}`, "config");
        expect([exitCode, stderr]).toEqual([1, expect.stringContaining("is no plain name for a file")]);
      }
    }
    // wherever these paths lead from the places that files are unpacked in
    const places = "$1/evil /evil $(find $1/.cache -name 'evil*') $1/.cache/wharf/compose/oci";
    expect(await sh(`ls -d ${places} 2>/dev/null || true`)).toBe("");
    await push("envfile", { "com.docker.compose.envfile": "plain.env" });
    const { stdout, stderr } = await compose("-p", "evil", "-f", `oci://${place}`, "config", "--services");
    expect([stdout, stderr]).toEqual(["a\n", ""]);
  },
);

test.skipIf(!HAS_REGISTRY)(
  "publish puts a project into a registry, and it comes up from there (needs docker-registry)",
  async () => {
    const write = (name: string, text: string) =>
      Bun.write(daemon().machine.outside(join(home(), "pub", name)), text);
    await write(
      "compose.yaml",
      `services: {web: {extends: {file: base.yaml, service: web}, image: busybox, environment: {WORD: "\${WORD:-none}"}}}`,
    );
    await write("base.yaml", `services: {web: {env_file: [base.env], command: ${POLITE}}}`);
    await write("over.yaml", "services: {web: {labels: {from: over}}}");
    await write("base.env", "FILE=base");
    const place = `${registry!.address}/shop/app:v1`;
    const publish = (...args: string[]) =>
      compose(
        "-f",
        join(home(), "pub/compose.yaml"),
        "-f",
        join(home(), "pub/over.yaml"),
        "publish",
        ...args,
        place,
      );
    expect((await publish("-y")).stderr).toContain("Say --with-env");
    expect((await publish("--with-env")).stderr).toContain("nothing was published");
    expect((await publish("--with-env", "--dry-run", "-y")).exitCode).toBe(0);
    expect((await compose("-f", `oci://${place}`, "config")).exitCode).toBe(1);
    for (const version of [["--oci-version", "1.0"], []]) {
      expect((await publish("--with-env", "-y", ...version)).exitCode).toBe(0);
      const { stdout } = await compose("-p", "shop", "-f", `oci://${place}`, "config", "--format", "json");
      expect(JSON.parse(stdout).services.web).toMatchObject({
        environment: { FILE: "base", WORD: "none" },
        labels: { from: "over" },
      });
    }
    const refused = await compose("-p", "shop", "-f", `oci://${place}`, "up", "-d");
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining("nothing was started")]);
    expect((await compose("-p", "shop", "-f", `oci://${place}`, "up", "-d", "-y")).exitCode).toBe(0);
    expect(await daemon().dockerText("inspect", "-f", '{{index .Config.Labels "from"}}', "shop-web-1")).toBe(
      "over",
    );
    expect((await compose("-p", "shop", "-f", `oci://${place}`, "down", "-t", "0")).exitCode).toBe(0);
  },
);

testNothingIsLeft(daemon);
