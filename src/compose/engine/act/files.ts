/** Secrets and configs whose content is in the project itself are copied into the container before it starts. */
import { InvalidArgument } from "#base/errors.ts";
import { writeTar } from "#base/tar-write.ts";
import type { FileReference } from "../../model/container-types.ts";
import type { FileObject, Project, Service } from "../../model/types.ts";
import { type FileKind, fileTarget, findFile } from "../body/mounts.ts";
import type { ComposeClient } from "../types.ts";

const DEFAULT_MODE = 0o444;

export interface InjectedFile {
  /** Absolute, in the container. */
  readonly target: string;
  readonly content: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Pure. @throws InvalidArgument when a variable is not set, or the service's root is read-only */
export function planFiles(project: Project, service: Service): InjectedFile[] {
  return (["secrets", "configs"] as const).flatMap((kind) =>
    (service[kind] ?? []).flatMap((reference) => {
      const file = findFile(project, service, { kind, source: reference.source });
      if (file.file !== undefined) return [];
      if (service.read_only)
        throw new InvalidArgument(
          `cannot create ${kind.slice(0, -1)} "${file.name}" in read-only service ${service.name}: 'file' is the sole supported option`,
          { hint: "Put it in a file, or make the root file system writable" },
        );
      return [injected(project, { kind, reference, file })];
    }),
  );
}

interface Injection {
  readonly kind: FileKind;
  readonly reference: FileReference;
  readonly file: FileObject;
}

function injected(project: Project, { kind, reference, file }: Injection): InjectedFile {
  const { uid, gid, mode = DEFAULT_MODE } = reference;
  return {
    target: fileTarget(kind, reference),
    content: contentOf(project, kind, file),
    mode,
    uid: Number(uid ?? 0),
    gid: Number(gid ?? 0),
  };
}

function contentOf({ environment }: Project, kind: FileKind, file: FileObject): string {
  const content = file.content ?? (file.environment ? environment[file.environment] : undefined);
  if (content !== undefined) return content;
  throw new InvalidArgument(
    `environment variable "${file.environment}" required by ${kind.slice(0, -1)} "${file.name}" is not set`,
    { hint: `Set it in the environment or in an env file` },
  );
}

/** Owners and modes are those of the archive. */
export async function injectFiles(
  { containers }: Pick<ComposeClient, "containers">,
  id: string,
  files: readonly InjectedFile[],
): Promise<void> {
  for (const { target, content, mode, uid, gid } of files) {
    const body = new TextEncoder().encode(content);
    const header = {
      name: target.slice(1),
      type: "file",
      mode,
      uid,
      gid,
      sizeBytes: body.byteLength,
    } as const;
    await containers.copyTo(id, "/", writeTar([{ header, body }]), { copyUidGid: false });
  }
}
