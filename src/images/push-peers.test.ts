/** Pushes to docker-registry: tokens, TLS, and connections that are cut. What arrives is read by skopeo. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { runOrThrow } from "#base/spawn.ts";
import { hermetic } from "#kernel/_testing/hermetic.ts";
import { createKernel } from "#kernel/linux.ts";
import { makeCertificates, startDockerRegistry } from "#registry/_testing/docker-registry.ts";
import { buildImage, startTestRegistry } from "#registry/_testing/registry.ts";
import { startTokenServer } from "#registry/_testing/token-server.ts";
import { createRealImages } from "./_testing/engine.ts";
import { linesOf, textOf } from "./_testing/store.ts";
import type { ImagesOptions } from "./options.ts";

const image = await buildImage([["etc/hello"], ["usr/large"]], { sizeBytes: 2 << 20 });
const PREPARE = `echo "127.0.0.1 localhost registry.test" > /run/hosts
mount --bind /run/hosts /etc/hosts`;
const ann = { username: "ann", password: "secret" };

hermetic(
  import.meta.path,
  () => {
    const home = mkdtempSync("/run/push-");
    const at = (...parts: string[]) => join(home, ...parts);
    let certificates: Awaited<ReturnType<typeof makeCertificates>>;

    beforeAll(async () => {
      certificates = await makeCertificates(at("certificates"), "registry.test");
    });
    afterAll(() => rmSync(home, { recursive: true }));

    /** An engine that has `image` as `reference`. */
    async function engineWith(reference: string, options: Partial<ImagesOptions> = {}) {
      const { images } = createRealImages(home, createKernel(), options);
      await using source = await startTestRegistry();
      source.add("1", image);
      await linesOf(images.pull({ reference: `${source.address}/source:1` }));
      images.tag(`${source.address}/source:1`, reference, "");
      return images;
    }

    const digestAt = async (reference: string, ...flags: string[]) =>
      (
        await runOrThrow(["skopeo", "inspect", "--format", "{{.Digest}}", ...flags, `docker://${reference}`])
      ).stdout.trim();

    test("push() asks the token server for the right to push, and to read what it mounts", async () => {
      const service = "test-registry";
      await using tokens = await startTokenServer({ ...certificates, service, ...ann });
      const auth = `  token:\n    realm: ${tokens.realm}\n    service: ${service}\n    issuer: test\n    rootcertbundle: ${certificates.certificate}`;
      const address = "127.0.0.1:5002";
      await using _registry = await startDockerRegistry({ directory: at("token"), address, auth });
      const images = await engineWith(`${address}/team/app:1`);
      const push = (name: string, as?: object) =>
        textOf(images.push({ reference: `${address}/${name}`, auth: as }));
      expect((await push("team/app:1")).at(-1)).toContain("denied");
      expect((await push("team/app:1", { ...ann, password: "no" })).at(-1)).toContain(
        "incorrect username or password",
      );
      tokens.requests.length = 0;
      expect((await push("team/app:1", ann)).join()).toContain(`1: digest: ${image.manifest.digest}`);
      expect(tokens.requests).toEqual([
        `?service=${service}&scope=repository%3Ateam%2Fapp%3Apull%2Cpush&account=ann`,
      ]);
      images.tag(`${address}/team/app:1`, `${address}/other:1`, "");
      expect((await push("other:1", ann)).join()).toContain("Mounted from team/app");
      expect(tokens.requests.join()).toContain("scope=repository%3Ateam%2Fapp%3Apull&account=ann");
      expect(await digestAt(`${address}/other:1`, "--tls-verify=false", "--creds=ann:secret")).toBe(
        image.manifest.digest,
      );
    });

    test("push() over TLS checks the certificate and shows its own", async () => {
      const address = "registry.test:5443";
      const tls = { ...certificates, clientCa: certificates.ca };
      await using _registry = await startDockerRegistry({ directory: at("tls"), address, tls });
      const certsDir = at("certs.d");
      mkdirSync(join(certsDir, address), { recursive: true });
      copyFileSync(certificates.certificate, join(certsDir, address, "client.cert"));
      copyFileSync(certificates.key, join(certsDir, address, "client.key"));
      const images = await engineWith(`${address}/app:1`, { certsDir });
      const push = () => textOf(images.push({ reference: `${address}/app:1` }));
      expect((await push()).at(-1)).toContain("x509: certificate signed by unknown authority");
      copyFileSync(certificates.ca, join(certsDir, address, "ca.crt"));
      expect((await push()).join()).toContain(`1: digest: ${image.manifest.digest}`);
      expect(await digestAt(`${address}/app:1`, `--cert-dir=${join(certsDir, address)}`)).toBe(
        image.manifest.digest,
      );
    });

    test("push() survives connections that are cut in the middle of a layer", async () => {
      await using _registry = await startDockerRegistry({ directory: at("cut"), address: "127.0.0.1:5004" });
      using proxy = await startCuttingProxy({ to: 5004, cuts: 2, afterBytes: 1 << 20 });
      const reference = `127.0.0.1:${proxy.port}/app:1`;
      const images = await engineWith(reference);
      expect((await textOf(images.push({ reference }))).join()).toContain(
        `1: digest: ${image.manifest.digest}`,
      );
      expect(proxy.cutsLeft()).toBe(0);
      await runOrThrow([
        ...["skopeo", "--insecure-policy", "copy", "-q", "--src-tls-verify=false"],
        ...["docker://127.0.0.1:5004/app:1", `dir:${at("copied")}`],
      ]);
      const layer = await Bun.file(at("copied", image.layers[1]!.digest.slice(7))).bytes();
      expect(Buffer.from(layer).equals(image.blobs.get(image.layers[1]!.digest)!.bytes)).toBe(true);
    });
  },
  { prepare: PREPARE },
);

/** Passes everything on, and cuts the first connections on which more comes than a request has. */
async function startCuttingProxy(options: { to: number; cuts: number; afterBytes: number }) {
  let { cuts } = options;
  const server = createServer((client) => {
    const upstream = connect(options.to, "127.0.0.1");
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    let bytes = 0;
    client.on("data", (piece) => {
      bytes += piece.length;
      if (cuts === 0 || bytes < options.afterBytes) return;
      cuts -= 1;
      bytes = 0;
      end();
    });
    for (const socket of [client, upstream]) socket.on("error", end).on("close", end);
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    port: (server.address() as AddressInfo).port,
    cutsLeft: () => cuts,
    [Symbol.dispose]: () => void server.close(),
  };
}
