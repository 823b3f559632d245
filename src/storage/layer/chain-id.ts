import { type Digest, sha256 } from "#base/digest.ts";

/**
 * The name of a stack of layers, lowest first; undefined for none.
 * @see https://github.com/opencontainers/image-spec/blob/main/config.md#layer-chainid
 */
export function chainId(diffIds: readonly Digest[]): Digest | undefined {
  return diffIds.reduce<Digest | undefined>(chainOnto, undefined);
}

/** The chainID of one layer on top of a chain. */
export function chainOnto(parent: Digest | undefined, diffId: Digest): Digest {
  return parent === undefined ? diffId : sha256(`${parent} ${diffId}`);
}
