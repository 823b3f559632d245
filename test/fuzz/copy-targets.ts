/** What `wharf image copy` reads of archives and layouts, and what comes over a connection that a helper reads. */
import { BodyDecoder } from "#base/http-chunks.ts";
import { encodeTarHeader, TAR_END } from "#base/tar-write.ts";
import { ArchiveNames } from "#cli/image-copy/archive-names.ts";
import { chooseImage } from "#cli/image-copy/archive-source.ts";
import { chooseInIndex } from "#cli/image-copy/layout-source.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import { type FuzzTarget, quietly, same } from "./target.ts";

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
const manifest = { mediaType: MEDIA_TYPE.ociManifest, digest, size: 7 };
const annotations = {
  "org.opencontainers.image.ref.name": "b",
  "io.containerd.image.name": "docker.io/library/a:b",
};

export const COPY_TARGETS = {
  copiedManifest: {
    seeds: [
      JSON.stringify([{ Config: "0123.json", RepoTags: ["a:b"], Layers: ["0/layer.tar", "1/layer.tar"] }]),
      JSON.stringify([
        { Config: "blobs/sha256/0123", RepoTags: null, Layers: [] },
        { Config: "c", RepoTags: ["localhost:5000/x/y:z"] },
      ]),
    ],
    check(text) {
      for (const name of [undefined, "a:b", "localhost:5000/x/y:z"]) {
        const image = quietly(() => chooseImage(text, "it", name));
        if (image && [image.config, ...image.layers].some((file) => typeof file !== "string"))
          throw new Error("a file without a name");
      }
    },
  },
  copiedIndex: {
    seeds: [
      JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
      JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.ociIndex, manifests: [manifest, manifest] }),
    ],
    check(text) {
      for (const name of [undefined, "b", "a:b"]) {
        const chosen = quietly(() => chooseInIndex(text, "it", name));
        if (chosen && !/^sha\d+:[0-9a-f]{64,}$/.test(chosen.digest)) throw new Error("a broken descriptor");
      }
    },
  },
  copiedArchive: {
    seeds: [
      archiveOf([
        ["manifest.json", "[]"],
        ["blobs/sha256/0123", "x".repeat(700)],
        ["./layer.tar", { symlink: "blobs/sha256/0123" }],
      ]),
      archiveOf([
        ["a", { symlink: "b" }],
        ["b", { symlink: "a" }],
        ["c", ""],
      ]),
    ],
    check(text) {
      const bytes = withChecksums(Buffer.from(text, "latin1"));
      const names = new ArchiveNames();
      for (let at = 0; at < bytes.length; at += 700) names.push(bytes.subarray(at, at + 700));
      names.finish();
      for (const name of names) {
        const extent = names.find(name);
        if (extent && !(extent.sizeBytes >= 0 && extent.start + extent.sizeBytes <= bytes.length))
          throw new Error("a file that is not in the archive");
      }
    },
  },
  requestBody: {
    seeds: ["5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\nGET", "0\r\nA: b\r\n\r\n", "a\r\n0123456789\r\n"],
    check(text) {
      const body = text.slice(0, 6000); // longer than a line may be
      const whole = quietly(() => decodeBody(body, Number.POSITIVE_INFINITY));
      for (const pieceBytes of [3, 64])
        same(
          quietly(() => decodeBody(body, pieceBytes)),
          whole,
        );
    },
  },
} satisfies Record<string, FuzzTarget>;

function decodeBody(text: string, pieceBytes: number) {
  const decoder = new BodyDecoder({ isChunked: true, leftBytes: 0 });
  const all = Buffer.from(text, "latin1");
  let body = "";
  let usedBytes = 0;
  for (let at = 0; at < all.length && !decoder.isDone; at += pieceBytes) {
    const piece = Buffer.from(all.subarray(at, at + pieceBytes));
    const { bytes, used } = decoder.decode(piece, piece.length);
    body += piece.toString("latin1", 0, bytes);
    usedBytes = at + used;
  }
  return { body, usedBytes, isDone: decoder.isDone };
}

/** A changed header would else be refused before it is read. */
function withChecksums(bytes: Buffer): Buffer {
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    const block = bytes.subarray(at, at + 512);
    if (block.toString("latin1", 257, 262) !== "ustar") continue;
    block.fill(" ", 148, 156);
    const sum = block.reduce((all, byte) => all + byte, 0);
    block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  }
  return bytes;
}

function archiveOf(files: readonly (readonly [string, string | { readonly symlink: string }])[]): string {
  const members = files.map(([name, content]) => {
    if (typeof content !== "string")
      return encodeTarHeader({ name, type: "symlink", mode: 0o777, linkName: content.symlink });
    const header = encodeTarHeader({ name, type: "file", mode: 0o644, sizeBytes: content.length });
    const padding = Buffer.alloc(-content.length & 511);
    return Buffer.concat([header, Buffer.from(content), padding]);
  });
  return Buffer.concat([...members, TAR_END]).toString("latin1");
}
