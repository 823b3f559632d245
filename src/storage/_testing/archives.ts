import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeTarHeader, TAR_END, type TarHeader } from "#base/tar-write.ts";

/** An entry in short: what is not given is a file of mode 0644 with its text as body. */
export type Item = Partial<TarHeader> & { readonly name: string; readonly text?: string };

/** A tar of entries as they are, wise or hostile. */
export function archive(...items: readonly Item[]): Buffer {
  const parts = items.flatMap(({ text = "", ...header }) => {
    const body = Buffer.from(text);
    const sizeBytes = body.byteLength;
    return [
      encodeTarHeader({ type: "file", mode: 0o644, sizeBytes, ...header }, { subSecondTimes: true }),
      body,
      Buffer.alloc(-sizeBytes & 511),
    ];
  });
  return Buffer.concat([...parts, TAR_END]);
}

export const directory = (name: string, more: Partial<TarHeader> = {}): Item => ({
  name,
  type: "directory",
  mode: 0o755,
  ...more,
});

export const symlink = (name: string, linkName: string): Item => ({
  name,
  type: "symlink",
  mode: 0o777,
  linkName,
});

export const hardlink = (name: string, linkName: string): Item => ({ name, type: "hardlink", linkName });

/** A new directory below the system's temporary one; the caller removes it. */
export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), "wharf-storage-"));
}

/** Writes a blob and makes an empty directory beside it, as a prepared layer has it. */
export function layerIn(
  home: string,
  bytes: Uint8Array,
): { readonly source: string; readonly directory: string } {
  const place = { source: join(home, "blob"), directory: join(home, "diff") };
  writeFileSync(place.source, bytes);
  mkdirSync(place.directory, { recursive: true });
  return place;
}
