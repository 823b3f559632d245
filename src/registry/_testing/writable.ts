/** Makes a test registry take what is pushed, by the book, and tell what it was asked. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { sha256 } from "#base/digest.ts";
import { type Fault, sendJson, type TestRegistry } from "./registry.ts";

export interface WritableRegistry {
  /** Asked before the registry answers; true: it has answered. */
  fault: Fault | undefined;
  /** Bytes of uploads under way, by their id. */
  readonly uploads: Map<string, Buffer>;
  /** Where the Location of an upload points; default: relative. */
  locationBase: string;
  /** Which blobs each repository has. Absent: all that are there. */
  readonly repositories: Map<string, Set<string>>;
}

let nextUpload = 1;

export function makeWritable(registry: TestRegistry): WritableRegistry {
  const writable: WritableRegistry = {
    fault: undefined,
    uploads: new Map(),
    locationBase: "",
    repositories: new Map(),
  };
  registry.fault = async (request, response) => {
    try {
      return (
        (await writable.fault?.(request, response)) || (await answer(registry, writable, request, response))
      );
    } catch (error) {
      if (request.complete) throw error;
      return true; // the client left in the middle: there is nobody to answer
    }
  };
  return writable;
}

async function answer(
  registry: TestRegistry,
  writable: WritableRegistry,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const url = new URL(request.url!, "http://registry");
  const [, repository, kind, name] =
    /^\/v2\/(.+)\/(blobs\/uploads|blobs|manifests)\/([^/]*)$/.exec(url.pathname) ?? [];
  if (!repository) return false;
  if (kind === "blobs/uploads")
    return await answerUpload({ registry, writable, request, response, repository, id: name!, url });
  if (kind === "blobs" && request.method === "HEAD" && !ownsBlob(writable, repository, name!)) {
    sendJson(response, 404, {});
    return true;
  }
  if (kind !== "manifests" || request.method !== "PUT") return false;
  const bytes = await readBody(request);
  const digest = sha256(bytes);
  registry.blobs.set(digest, { bytes, mediaType: request.headers["content-type"]! });
  if (!name!.includes(":")) registry.tags.set(name!, digest);
  response.writeHead(201, { "Docker-Content-Digest": digest }).end();
  return true;
}

function ownsBlob({ repositories }: WritableRegistry, repository: string, digest: string): boolean {
  return repositories.size === 0 || repositories.get(repository)?.has(digest) === true;
}

interface UploadRequest {
  readonly registry: TestRegistry;
  readonly writable: WritableRegistry;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly repository: string;
  readonly id: string;
  readonly url: URL;
}

async function answerUpload(upload: UploadRequest): Promise<boolean> {
  const { writable, request, response, repository, id } = upload;
  if (request.method === "POST") return begin(upload);
  const have = writable.uploads.get(id);
  if (!have) {
    sendJson(response, 404, { errors: [{ code: "BLOB_UPLOAD_UNKNOWN" }] });
    return true;
  }
  if (request.method === "PATCH") return await append(upload, have);
  if (request.method === "PUT") return await finish(upload, have);
  const status = request.method === "GET" ? 204 : 202;
  response.writeHead(status, headersOf(writable, repository, id)).end();
  return true;
}

function begin({ registry, writable, response, repository, url }: UploadRequest): boolean {
  const mount = url.searchParams.get("mount");
  const from = url.searchParams.get("from");
  if (mount && from && registry.blobs.has(mount) && ownsBlob(writable, from, mount)) {
    writable.repositories.get(repository)?.add(mount);
    response.writeHead(201, { "Docker-Content-Digest": mount }).end();
    return true;
  }
  const id = String(nextUpload++);
  writable.uploads.set(id, Buffer.alloc(0));
  response.writeHead(202, headersOf(writable, repository, id)).end();
  return true;
}

async function append({ writable, request, response, repository, id }: UploadRequest, have: Buffer) {
  const start = Number(/^(\d+)-/.exec(request.headers["content-range"] ?? "")?.[1] ?? 0);
  if (start !== have.byteLength) {
    response.writeHead(416, headersOf(writable, repository, id)).end();
    return true;
  }
  for await (const piece of request) {
    have = Buffer.concat([have, piece]);
    writable.uploads.set(id, have); // what has come stays when the rest does not
  }
  response.writeHead(202, headersOf(writable, repository, id)).end();
  return true;
}

async function finish(
  { registry, writable, request, response, repository, id, url }: UploadRequest,
  have: Buffer,
) {
  const bytes = Buffer.concat([have, await readBody(request)]);
  const digest = url.searchParams.get("digest") ?? "";
  if (sha256(bytes) !== digest) {
    sendJson(response, 400, {
      errors: [{ code: "DIGEST_INVALID", message: "provided digest did not match" }],
    });
    return true;
  }
  registry.blobs.set(digest, { bytes, mediaType: "application/octet-stream" });
  writable.repositories.get(repository)?.add(digest);
  writable.uploads.delete(id);
  response.writeHead(201, { "Docker-Content-Digest": digest }).end();
  return true;
}

function headersOf({ uploads, locationBase }: WritableRegistry, repository: string, id: string) {
  const size = uploads.get(id)?.byteLength ?? 0;
  return {
    Location: `${locationBase}/v2/${repository}/blobs/uploads/${id}`,
    Range: `0-${Math.max(size - 1, 0)}`,
  };
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>));
}
