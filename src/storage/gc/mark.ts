import type { Digest } from "#base/digest.ts";

/** Everything that can be reached: the roots, what they lead to, and so on. Loops are harmless. */
export function reachable(roots: Iterable<Digest>, next: (digest: Digest) => Iterable<Digest>): Set<Digest> {
  const found = new Set(roots);
  for (const digest of found) for (const further of next(digest)) found.add(further); // a Set visits what is added
  return found;
}
