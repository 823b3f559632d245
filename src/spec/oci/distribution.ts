/**
 * What registries send and receive beside manifests and blobs.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md
 * @see https://distribution.github.io/distribution/spec/auth/token/
 */
export type RegistryErrorCode =
  | "BLOB_UNKNOWN"
  | "BLOB_UPLOAD_INVALID"
  | "BLOB_UPLOAD_UNKNOWN"
  | "DENIED"
  | "DIGEST_INVALID"
  | "MANIFEST_BLOB_UNKNOWN"
  | "MANIFEST_INVALID"
  | "MANIFEST_UNKNOWN"
  | "NAME_INVALID"
  | "NAME_UNKNOWN"
  | "SIZE_INVALID"
  | "TOOMANYREQUESTS"
  | "UNAUTHORIZED"
  | "UNSUPPORTED";

export interface RegistryErrorItem {
  /** Registries may send codes of their own. */
  code: RegistryErrorCode | (string & {});
  message?: string;
  detail?: unknown;
}

export interface RegistryErrorBody {
  errors: RegistryErrorItem[];
}

export interface TagList {
  name: string;
  tags: string[] | null;
}

/** Answer of a token server. One of `token` and `access_token` is there. */
export interface TokenResponse {
  token?: string;
  access_token?: string;
  /** Seconds; 60 when absent. */
  expires_in?: number;
  /** RFC 3339; now when absent. */
  issued_at?: string;
  /** Only when an offline token was asked for; Docker's "identity token". */
  refresh_token?: string;
}
