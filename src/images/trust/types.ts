/**
 * Which images may be pulled, loaded and imported: those whose signatures satisfy the policy of the most specific scope that covers them.
 *
 * Terms are those of containers-policy.json(5). A *scope* is a registry host, a namespace, a repository or one tag of it;
 * it has a list of *requirements*, all of which must hold. What is verified is the digest that a name was resolved to,
 * and from there on only that digest is fetched: what was signed is what runs.
 */
import type { Digest } from "#base/digest.ts";
import type { FetchedManifest } from "#registry/client.ts";
import type { HttpResponse } from "#registry/response.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import type { Reference } from "#spec/reference.ts";
import type { ArchiveTransport } from "./policy.ts";

/** Where signatures are looked for: the repository the image comes from. */
export interface SignatureSource {
  /** @throws NotFound */
  manifest(tagOrDigest: string, signal?: AbortSignal): Promise<FetchedManifest>;
  /** @throws NotFound */
  blob(
    digest: Digest,
    offset: number,
    signal?: AbortSignal,
  ): Promise<Pick<HttpResponse, "bytes"> & Disposable>;
  /** The index of manifests that name `digest` as their subject; undefined when the registry does not know the question. */
  referrers(digest: Digest, signal?: AbortSignal): Promise<Uint8Array | undefined>;
}

export interface Admission {
  readonly reference: Reference;
  /** What the reference points at: nothing else may be fetched for it afterwards. */
  readonly target: Descriptor;
  readonly source: SignatureSource;
  readonly signal?: AbortSignal;
}

/** What signatures are looked at for; only what comes in an archive can be without a name. */
export type SignedImage = Omit<Admission, "reference"> & Pick<ArchiveAdmission, "reference">;

/** An image that comes in an archive. */
export interface ArchiveAdmission {
  readonly transport: ArchiveTransport;
  /** The name it would get; absent for one without. */
  readonly reference: Reference | undefined;
  /** Absent for a root file system, which has no manifest that could be signed. */
  readonly signed?: Pick<Admission, "target" | "source">;
  readonly signal?: AbortSignal;
}

export interface TrustGate {
  /** As `admit`, for what is loaded or imported. @throws PermissionDenied */
  admitArchived(admission: ArchiveAdmission): Promise<void>;
  /** Refuses what no signature could let in, before anybody is asked. @throws PermissionDenied */
  checkName(reference: Reference): void;
  /** Resolves when the policy lets the image in. @throws PermissionDenied naming the rule that refused, and why */
  admit(admission: Admission): Promise<void>;
}
