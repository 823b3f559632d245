/** Images against other people's programs: docker-registry, skopeo, podman, buildah. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  copyFileSync,
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { runOrThrow } from "#base/spawn.ts";
import { hermetic } from "#kernel/_testing/hermetic.ts";
import { createKernel } from "#kernel/linux.ts";
import { makeCertificates, startDockerRegistry } from "#registry/_testing/docker-registry.ts";
import { buildImage, contentsOf, writeLayout } from "#registry/_testing/registry.ts";
import { startTokenServer } from "#registry/_testing/token-server.ts";
import { createRealImages } from "./_testing/engine.ts";
import { textOf } from "./_testing/store.ts";
import type { ImagesOptions } from "./options.ts";

const HAVE_PODMAN = Bun.which("podman") !== null && Bun.which("buildah") !== null;
const image = await buildImage([["etc/hello", "etc/other"], ["etc/second"]]);
/** podman keeps a lock in /dev/shm; "registry.test" is a registry that is not known as local. */
const PREPARE = `mount -t tmpfs tmpfs /dev/shm
echo "127.0.0.1 localhost registry.test" > /run/hosts
mount --bind /run/hosts /etc/hosts`;

hermetic(
  import.meta.path,
  () => {
    const home = mkdtempSync("/run/images-");
    const at = (...parts: string[]) => join(home, ...parts);
    let certificates: Awaited<ReturnType<typeof makeCertificates>>;

    beforeAll(async () => {
      certificates = await makeCertificates(at("certificates"), "registry.test");
      await writeLayout(at("source"), image, "1");
    });
    afterAll(() => rmSync(home, { recursive: true }));

    function createEngine(options: Partial<ImagesOptions> = {}) {
      const { images, storage } = createRealImages(home, createKernel(), options);
      const readFrom = (name: string, path: string) => {
        const { upper, lower } = layerPaths(storage.snapshotter.layerData(images.get(name).chainId!));
        const found = [upper, ...lower]
          .map((layer) => join(layer, path))
          .find((file) => Bun.file(file).size > 0);
        return readFileSync(found!);
      };
      return {
        images,
        storage,
        readFrom,
        pull: (reference: string, auth = {}) => textOf(images.pull({ reference, auth })),
      };
    }

    test("pulls what skopeo pushed: the same digest, the files in their layers, twice for one HEAD", async () => {
      await using registry = await startDockerRegistry({ directory: at("plain"), address: "127.0.0.1:5000" });
      await skopeo(`oci:${at("source")}:1`, `docker://${registry.address}/team/app:1`);
      const { pull, images, readFrom } = createEngine();
      const reference = `${registry.address}/team/app:1`;
      expect((await pull(reference)).at(-1)).toBe(`Status: Downloaded newer image for ${reference}`);
      expect((await pull(reference)).at(-1)).toBe(`Status: Image is up to date for ${reference}`);
      const raw = await runOrThrow([
        "skopeo",
        "inspect",
        "--tls-verify=false",
        "--format",
        "{{.Digest}}",
        `docker://${reference}`,
      ]);
      expect(images.get(reference).manifest.digest).toBe(raw.stdout.trim());
      expect(readFrom(reference, "etc/hello")).toEqual(Buffer.from(contentsOf("etc/hello")));
      expect(readFrom(reference, "etc/second")).toEqual(Buffer.from(contentsOf("etc/second")));
      expect(
        (await pull(`${registry.address}/team/app:none`).catch((error: Error) => [error.message]))[0],
      ).toContain("manifest unknown: manifest unknown");
      expect(
        (await pull(`${registry.address}/nosuch:1`).catch((error: Error) => [error.message]))[0],
      ).toContain("not found");
      await images.close();
    });

    test("pulls with basic authentication, and logs in", async () => {
      const { stdout } = await runOrThrow(["htpasswd", "-Bbn", "ann", "secret"]);
      writeFileSync(at("htpasswd"), stdout);
      const auth = `  htpasswd:\n    realm: test\n    path: ${at("htpasswd")}`;
      await using registry = await startDockerRegistry({
        directory: at("basic"),
        address: "127.0.0.1:5001",
        auth,
      });
      const reference = `${registry.address}/app:1`;
      await skopeo(`oci:${at("source")}:1`, `docker://${reference}`, "--dest-creds=ann:secret");
      const { pull, images } = createEngine();
      await expect(pull(reference)).rejects.toThrow("no basic auth credentials");
      await expect(pull(reference, { username: "ann", password: "wrong" })).rejects.toThrow("unauthorized");
      expect((await pull(reference, { username: "ann", password: "secret" })).at(-1)).toStartWith(
        "Status: Downloaded",
      );
      const login = (password: string) =>
        images.login({ username: "ann", password, serveraddress: registry.address });
      expect((await login("secret")).status).toBe("Login Succeeded");
      await expect(login("wrong")).rejects.toThrow("unauthorized: incorrect username or password");
    });

    test("pulls with tokens of a token server, which get the rights asked for", async () => {
      const service = "test-registry";
      await using tokens = await startTokenServer({
        ...certificates,
        service,
        username: "ann",
        password: "secret",
      });
      const auth = `  token:\n    realm: ${tokens.realm}\n    service: ${service}\n    issuer: test\n    rootcertbundle: ${certificates.certificate}`;
      await using registry = await startDockerRegistry({
        directory: at("token"),
        address: "127.0.0.1:5002",
        auth,
      });
      const reference = `${registry.address}/app:1`;
      await skopeo(`oci:${at("source")}:1`, `docker://${reference}`, "--dest-creds=ann:secret");
      const { pull, images } = createEngine();
      await expect(pull(reference)).rejects.toThrow(
        "repository does not exist or may require 'docker login'",
      );
      await expect(pull(reference, { username: "ann", password: "no" })).rejects.toThrow(
        "incorrect username or password",
      );
      tokens.requests.length = 0;
      expect((await pull(reference, { username: "ann", password: "secret" })).at(-1)).toStartWith(
        "Status: Downloaded",
      );
      expect(tokens.requests).toEqual([`?service=${service}&scope=repository%3Aapp%3Apull&account=ann`]);
      const login = await images.login({
        username: "ann",
        password: "secret",
        serveraddress: registry.address,
      });
      expect(login).toEqual({ status: "Login Succeeded", identityToken: "identity" });
    });

    test("checks certificates: unknown authority, own authority, client certificate, insecure by choice", async () => {
      const tls = { ...certificates, clientCa: certificates.ca };
      const address = "registry.test:5443";
      await using _registry = await startDockerRegistry({ directory: at("tls"), address, tls });
      const certsDir = at("certs.d");
      mkdirSync(join(certsDir, address), { recursive: true });
      const reference = `${address}/app:1`;
      await expect(createEngine().pull(reference)).rejects.toThrow(
        "x509: certificate signed by unknown authority",
      );
      copyFileSync(certificates.ca, join(certsDir, address, "ca.crt"));
      copyFileSync(certificates.certificate, join(certsDir, address, "client.cert"));
      copyFileSync(certificates.key, join(certsDir, address, "client.key"));
      await skopeo(
        `oci:${at("source")}:1`,
        `docker://${reference}`,
        `--dest-cert-dir=${join(certsDir, address)}`,
        "--dest-tls-verify=true",
      );
      expect((await createEngine({ certsDir }).pull(reference)).at(-1)).toStartWith("Status: Downloaded");
      rmSync(join(certsDir, address, "ca.crt"));
      await expect(createEngine({ certsDir }).pull(reference)).rejects.toThrow("x509");
      const insecure = createEngine({ certsDir, insecureRegistries: ["127.0.0.0/8"] });
      expect((await insecure.pull(reference)).at(-1)).toStartWith("Status: Downloaded");
    });

    test("a plain registry that is not on loopback is refused unless listed", async () => {
      const address = "registry.test:5003";
      await using _registry = await startDockerRegistry({ directory: at("plain2"), address });
      await skopeo(`oci:${at("source")}:1`, `docker://127.0.0.1:5003/app:1`);
      await expect(createEngine().pull(`${address}/app:1`)).rejects.toThrow(
        "server gave HTTP response to HTTPS client",
      );
      const listed = createEngine({ insecureRegistries: [address] });
      expect((await listed.pull(`${address}/app:1`)).at(-1)).toStartWith("Status: Downloaded");
    });

    async function expectLoads(expected: Record<string, string>): Promise<void> {
      for (const [archive, name] of Object.entries(expected)) {
        const { images, readFrom } = createEngine();
        const lines = await textOf(images.load(createReadStream(at(archive)), { quiet: true }));
        expect([archive, ...lines]).toEqual([archive, `Loaded image: ${name}`]);
        expect(readFrom(name, "etc/hello")).toEqual(Buffer.from(contentsOf("etc/hello")));
        expect(images.get(name).config.config?.Cmd).toEqual(["/bin/sh"]);
      }
    }

    test("loads the archives of skopeo", async () => {
      await skopeo(`oci:${at("source")}:1`, `docker-archive:${at("skopeo-docker.tar")}:peer/skopeo:docker`);
      await skopeo(`oci:${at("source")}:1`, `oci-archive:${at("skopeo-oci.tar")}:peer/skopeo:oci`);
      await expectLoads({
        "skopeo-docker.tar": "peer/skopeo:docker",
        "skopeo-oci.tar": "peer/skopeo:oci",
      });
    });

    test.skipIf(!HAVE_PODMAN)("loads the archives of podman and buildah (needs both)", async () => {
      const name = "docker.io/peer/skopeo:docker";
      await skopeo(`oci:${at("source")}:1`, `docker-archive:${at("for-podman.tar")}:peer/skopeo:docker`);
      await podman("load", "-q", "-i", at("for-podman.tar"));
      for (const format of ["docker-archive", "oci-archive"])
        await podman("save", "-q", "--format", format, "-o", at(`podman-${format}.tar`), name);
      await runOrThrow([
        "buildah",
        ...podmanRoots(),
        "push",
        "-q",
        name,
        `oci-archive:${at("buildah.tar")}:peer/buildah:1`,
      ]);
      await expectLoads({
        "podman-docker-archive.tar": "peer/skopeo:docker",
        "podman-oci-archive.tar": "peer/skopeo:docker",
        "buildah.tar": "peer/buildah:1",
      });
    });

    async function saveOne(file: string): Promise<string> {
      const { images } = createEngine();
      await runOrThrow(["tar", "-cf", at("source.tar"), "-C", at("source"), "."]);
      const [line] = await textOf(images.load(createReadStream(at("source.tar")), { quiet: true }));
      images.tag(line!.replace("Loaded image ID: ", ""), "mine/app", "v1");
      await Bun.write(file, new Response(images.save(["mine/app:v1"], {}) as unknown as ReadableStream));
      return images.get("mine/app:v1").manifest.digest;
    }

    test("saves archives that skopeo reads in both formats", async () => {
      const digest = await saveOne(at("saved.tar"));
      const inspect = (source: string) =>
        runOrThrow(["skopeo", "inspect", "--format", "{{.Digest}} {{len .Layers}}", source]);
      expect((await inspect(`oci-archive:${at("saved.tar")}`)).stdout.trim()).toBe(`${digest} 2`);
      expect((await inspect(`docker-archive:${at("saved.tar")}`)).stdout.trim()).toEndWith(" 2");
    });

    test.skipIf(!HAVE_PODMAN)("saves archives that podman reads (needs podman)", async () => {
      await saveOne(at("saved-podman.tar"));
      expect((await podman("load", "-i", at("saved-podman.tar"))).stdout).toContain("mine/app:v1");
    });

    const podmanRoots = () => ["--root", at("podman"), "--runroot", at("podman-run"), "--storage-driver=vfs"];
    const podman = (...args: string[]) => runOrThrow(["podman", ...podmanRoots(), ...args]);
  },
  { prepare: PREPARE },
);

function skopeo(from: string, to: string, ...flags: string[]): Promise<unknown> {
  return runOrThrow([
    "skopeo",
    "--insecure-policy",
    "copy",
    "-q",
    "--dest-tls-verify=false",
    ...flags,
    from,
    to,
  ]);
}

function layerPaths(data: Record<string, string>): { upper: string; lower: string[] } {
  return { upper: data.UpperDir!, lower: (data.LowerDir ?? "").split(":").filter((path) => path !== "") };
}
