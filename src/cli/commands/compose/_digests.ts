import type { Digest } from "#base/digest.ts";
import { canonicalReference, type Reference } from "#spec/reference.ts";
import type { ComposeSession } from "../../compose/session.ts";
import { registryAuthHeader } from "../../credentials.ts";

/** Asked through the engine, which has the ways to the registries. */
export async function resolveDigest({ session }: ComposeSession, reference: Reference): Promise<Digest> {
  const { http } = await session.client();
  const source = { config: session.config, env: session.host.env };
  const { Descriptor } = await http.json<{ Descriptor: { digest: Digest } }>(
    "GET",
    `/distribution/${canonicalReference(reference)}/json`,
    { headers: { "X-Registry-Auth": await registryAuthHeader(source, reference.domain) } },
  );
  return Descriptor.digest;
}
