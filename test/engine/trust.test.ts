import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BuiltImage, buildImage, writeLayout } from "#registry/_testing/registry.ts";
import { cosignArtifact, signingKey } from "../../src/images/trust/_signing.ts";
import { IS_DOCKERD } from "../helpers/daemon.ts";
import { type Registry, startRegistry } from "../helpers/registry.ts";
import { useDaemon } from "../helpers/suite.ts";

const KEY = signingKey();
const PLACE = mkdtempSync("/tmp/wharf-trust-");
const POLICY = join(PLACE, "policy.json");
mkdirSync(PLACE, { recursive: true });
writeFileSync(join(PLACE, "key.pub"), KEY.pem);
const signed = {
  type: "sigstoreSigned",
  keyPath: join(PLACE, "key.pub"),
  signedIdentity: { type: "matchRepository" },
};
writeFileSync(
  POLICY,
  JSON.stringify({
    default: [{ type: "reject" }],
    transports: {
      docker: { "": [signed], "docker.io": [{ type: "reject" }] },
      tarball: { "": [{ type: "insecureAcceptAnything" }] }, // the busybox of these tests is imported
    },
  }),
);
afterAll(() => rmSync(PLACE, { recursive: true }));

const daemon = useDaemon({ flags: IS_DOCKERD ? [] : ["--trust-policy", POLICY] });

/** Puts an image, or what is kept like one, into a registry by another project's hand. */
async function put(registry: Registry, image: BuiltImage, repository: string, tag: string): Promise<void> {
  const { machine } = daemon();
  const layout = join(machine.directory, "layout");
  await writeLayout(machine.outside(layout), image, "x");
  const to = `docker://${registry.address}/${repository}:${tag}`;
  await machine.text([
    "skopeo",
    "--insecure-policy",
    "copy",
    "-q",
    "--dest-tls-verify=false",
    `oci:${layout}:x`,
    to,
  ]);
  await machine.text(["rm", "-r", layout]);
}

test.skipIf(IS_DOCKERD)("docker pull and run under a trust policy bring signed images only", async () => {
  const registry = await startRegistry(daemon().machine);
  const image = await buildImage([["a"]]);
  const name = `${registry.address}/team/app:1`;
  await put(registry, image, "team/app", "1");
  for (const command of [["pull"], ["run", "--rm"]]) {
    const refused = await daemon().docker(...command, name);
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stderr).toContain(
      "requirement 1 of 1 (sigstoreSigned) for all registries: it has no cosign signature",
    );
  }
  const { digest } = image.manifest;
  const signature = cosignArtifact({ digest, name: `${registry.address}/team/app`, key: KEY.privateKey });
  await put(registry, signature, "team/app", `${digest.replace(":", "-")}.sig`);
  expect(await daemon().dockerText("pull", name)).toContain(`Digest: ${digest}`);
  const elsewhere = await daemon().docker("pull", "busybox:1");
  expect(elsewhere.stderr).toContain('(reject) for "docker.io": images from there are not allowed');
  await registry[Symbol.asyncDispose]();
});

test.skipIf(IS_DOCKERD)("docker load is no way around the policy", async () => {
  const { machine } = daemon();
  const archive = `${machine.directory}/saved.tar`;
  await daemon().dockerText("save", "-o", archive, "busybox");
  await daemon().dockerText("rmi", "busybox");
  const refused = await daemon().docker("load", "-i", archive);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain("load of busybox:latest");
  expect(refused.stderr).toContain(
    'refused by the trust policy: requirement 1 of 1 (reject) for "docker.io"',
  );
  expect(await daemon().dockerText("images", "-q", "busybox")).toBe("");
});
