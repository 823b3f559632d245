import { createReadStream } from "node:fs";
import { shortId } from "#base/ids.ts";
import { progressLine, statusLine } from "#images/progress.ts";
import type { Emit } from "#images/progress-stream.ts";
import { credentialsOf } from "#registry/credentials.ts";
import type { PushRepository } from "#registry/push-repository.ts";
import { uploadBlob } from "#registry/upload-blob.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import { familiarName, parseReference } from "#spec/reference.ts";
import type { PluginContext } from "./context.ts";
import type { PluginRecord, RemoteRequest } from "./types.ts";

const MAX_UPLOAD_ATTEMPTS = 5;
const READ_BYTES = 1 << 20;

/** `docker plugin push`: to the place that the plugin's name says, byte for byte what was pulled or made. */
export async function pushPlugin(
  ctx: PluginContext,
  record: PluginRecord,
  { auth, signal }: Pick<RemoteRequest, "auth" | "signal">,
  tell: Emit,
): Promise<void> {
  const reference = parseReference(record.name);
  const repository = ctx.registries.openForPush(reference, credentialsOf(auth));
  tell(statusLine(`The push refers to repository [${familiarName(reference)}]`));
  await repository.check(signal);
  const text = await ctx.content.readText(record.manifest.digest);
  const { config } = JSON.parse(text) as { readonly config: Descriptor };
  const blobs = [...record.layers, config];
  for (const { digest } of [record.manifest, ...blobs]) tell(progressLine(shortId(digest), "Preparing"));
  for (const blob of blobs) await pushBlob(ctx, repository, { blob, tell, signal });
  await repository.putManifest(reference.tag!, record.manifest, Buffer.from(text), signal);
  tell(progressLine(shortId(record.manifest.digest), "Upload complete"));
  const { digest, size } = record.manifest;
  tell({ progressDetail: {}, aux: { Tag: reference.tag!, Digest: digest, Size: size } });
}

async function pushBlob(
  { content, clock }: PluginContext,
  repository: PushRepository,
  { blob, tell, signal }: { readonly blob: Descriptor; readonly tell: Emit; readonly signal: AbortSignal },
): Promise<void> {
  const { digest, size: sizeBytes } = blob;
  const id = shortId(digest);
  if (await repository.hasBlob(digest, signal)) return tell(progressLine(id, "Layer already exists"));
  const path = content.path(digest);
  await uploadBlob(
    { repository, clock, maxAttempts: MAX_UPLOAD_ATTEMPTS },
    {
      digest,
      sizeBytes,
      open: (start, end) => createReadStream(path, { start, end: end - 1, highWaterMark: READ_BYTES }),
      onProgress: (current) => tell(progressLine(id, "Pushing", { current, total: sizeBytes })),
      signal,
    },
  );
  tell(progressLine(id, "Upload complete"));
}
