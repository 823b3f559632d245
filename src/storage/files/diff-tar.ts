import { posix } from "node:path";
import { InvalidArgument } from "#base/errors.ts";
import { encodeTarHeader, TAR_END } from "#base/tar-write.ts";
import type { DiffSource } from "../types.ts";
import { FileArchiver } from "./archive-file.ts";
import { walkDiff } from "./diff-walk.ts";

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";

/**
 * The changes of a container as a layer's tar. Deletions become whiteouts as the OCI image specification has them.
 * @throws InvalidArgument for a file whose name a layer could not hold
 */
export function* diffTar(source: DiffSource, isMountPoint: (path: string) => boolean): Generator<Uint8Array> {
  const archiver = new FileArchiver();
  for (const { change, file, isOpaque } of walkDiff(source, isMountPoint)) {
    const name = change.path.slice(1);
    if (posix.basename(name).startsWith(WHITEOUT))
      throw new InvalidArgument(
        `cannot commit ${JSON.stringify(change.path)}: names that begin with "${WHITEOUT}" are reserved in images`,
        { hint: "rename or remove the file" },
      );
    if (!file) yield marker(posix.join(posix.dirname(name), WHITEOUT + posix.basename(name)));
    else yield* archiver.entry(file, name);
    if (isOpaque) yield marker(`${name}/${OPAQUE}`);
  }
  yield TAR_END;
}

function marker(name: string): Uint8Array {
  return encodeTarHeader({ name, type: "file", mode: 0 });
}
