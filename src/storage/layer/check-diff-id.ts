import type { Digest } from "#base/digest.ts";
import { InvalidArgument } from "#base/errors.ts";

/** @throws InvalidArgument when it is another than the one expected */
export function checkDiffId(diffId: Digest, expected: Digest | undefined): void {
  if (expected !== undefined && expected !== diffId)
    throw new InvalidArgument(
      `layer is not the one expected: its diffID is ${diffId} instead of ${expected}`,
    );
}
