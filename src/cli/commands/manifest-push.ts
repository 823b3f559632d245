import { systemClock } from "#base/clock.ts";
import { sha256 } from "#base/digest.ts";
import type { PushRepository } from "#registry/push-repository.ts";
import { readBlob } from "#registry/read-blob.ts";
import { uploadBlob } from "#registry/upload-blob.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import { familiarName, parseReference, type Reference, repositoryName } from "#spec/reference.ts";
import { defineCommand, ONE_ARGUMENT } from "../command.ts";
import { CliError } from "../errors.ts";
import { bool } from "../flag-kinds.ts";
import { encodeList, listDocument } from "../manifest/list-document.ts";
import { listName, ManifestStore } from "../manifest/store.ts";
import { type ImageManifest, manifestOf } from "../manifest/types.ts";
import { credentialsFor, openRegistries } from "../registries.ts";
import type { Session } from "../session.ts";

const MAX_ATTEMPTS = 5;

export const command = defineCommand({
  usage: "[OPTIONS] MANIFEST_LIST",
  arguments: ONE_ARGUMENT,
  flags: {
    insecure: bool("Speak to a registry without or with an unknown certificate"),
    purge: bool("Forget the list afterwards", { short: "p" }),
  },
  async run({ session, args: [given], flags }) {
    const list = listName(given!);
    const store = new ManifestStore(session.configDirectory);
    const images = store.images(list);
    if (images.length === 0) throw new CliError(`No such manifest: ${list}`);
    const to = parseReference(list);
    for (const { Ref } of images) checkSameRegistry(parseReference(Ref), to);
    const push = new ListPush(session, to, flags.insecure);
    for (const image of images) await push.image(image);
    await session.print(`${await push.list(images)}\n`);
    if (flags.purge) store.remove(list);
  },
});

function checkSameRegistry(from: Reference, to: Reference): void {
  if (from.domain === to.domain) return;
  throw new CliError(
    `cannot use source images from a different registry than the target image: ${from.domain} != ${to.domain}`,
  );
}

class ListPush {
  readonly #session: Session;
  readonly #to: Reference;
  readonly #registries: ReturnType<typeof openRegistries>;
  #repository: PushRepository | undefined;

  constructor(session: Session, to: Reference, insecure: boolean) {
    this.#session = session;
    this.#to = to;
    this.#registries = openRegistries(insecure ? [to.domain] : []);
  }

  /** An image of another repository becomes one of the list's own. */
  async image(image: ImageManifest): Promise<void> {
    const from = parseReference(image.Ref);
    if (repositoryName(from) === repositoryName(this.#to)) return;
    const manifest = manifestOf(image);
    for (const blob of manifest ? [manifest.config, ...manifest.layers] : [])
      if (!blob.urls?.length) await this.#blob(blob, from);
    const { Descriptor, Raw } = image;
    const repository = await this.#target();
    await repository.putManifest(Descriptor.digest, Descriptor, Buffer.from(Raw, "base64"));
    const name = `${familiarName(this.#to)}@${Descriptor.digest}`;
    await this.#session.print(`Pushed ref ${name} with digest: ${Descriptor.digest}\n`);
  }

  /** @returns the list's digest */
  async list(images: readonly ImageManifest[]): Promise<string> {
    const text = encodeList(images);
    const { mediaType } = listDocument(images);
    const descriptor = { mediaType: mediaType!, digest: sha256(text), size: Buffer.byteLength(text) };
    await (await this.#target()).putManifest(this.#to.tag!, descriptor, Buffer.from(text));
    return descriptor.digest;
  }

  async #blob({ digest, size }: Descriptor, from: Reference): Promise<void> {
    const repository = await this.#target();
    if (await repository.hasBlob(digest)) return;
    const mounted = await repository.mount(digest, from.path);
    if (mounted === "mounted") return;
    const source = this.#registries.open(from, await credentialsFor(this.#session, from.domain));
    const open = (offset: number, end: number) => readBlob(source, digest, { offset, end });
    await uploadBlob(
      { repository, clock: systemClock, maxAttempts: MAX_ATTEMPTS },
      { digest, sizeBytes: size, open, session: mounted },
    );
  }

  async #target(): Promise<PushRepository> {
    const { domain } = this.#to;
    this.#repository ??= this.#registries.openForPush(this.#to, await credentialsFor(this.#session, domain));
    return this.#repository;
  }
}
