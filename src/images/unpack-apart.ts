import type { Digest } from "#base/digest.ts";
import type { LayerUnpacker, PreparedLayer, Snapshotter } from "#storage/types.ts";

export interface UnpackApartDeps {
  readonly snapshotter: Pick<Snapshotter, "prepareLayer" | "discardLayer">;
  readonly unpacker: LayerUnpacker;
}

/** A layer's files in a directory that nobody knows yet: the caller's to commit or to discard. */
export interface UnpackedApart {
  readonly prepared: PreparedLayer;
  readonly diffId: Digest;
  readonly sizeBytes: number;
}

type UnpackRequest = Omit<Parameters<LayerUnpacker["unpack"]>[0], "prepared">;

/** @param parent of the layer, for drivers that copy its files. What fails leaves nothing. */
export async function unpackApart(
  { snapshotter, unpacker }: UnpackApartDeps,
  parent: Digest | undefined,
  request: UnpackRequest,
): Promise<UnpackedApart> {
  await using undo = new AsyncDisposableStack();
  const prepared = await snapshotter.prepareLayer(parent);
  undo.defer(() => snapshotter.discardLayer(prepared));
  const { diffId, sizeBytes } = await unpacker.unpack({ ...request, prepared });
  undo.move();
  return { prepared, diffId, sizeBytes };
}
