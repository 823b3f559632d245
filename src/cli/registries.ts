/** Registries as the command line itself speaks to them, where bytes need not pass through an engine. */
import { lookup } from "node:dns/promises";
import { systemClock } from "#base/clock.ts";
import { type Credentials, credentialsOf } from "#registry/credentials.ts";
import { Registries } from "#registry/registries.ts";
import { findCredentials } from "./credentials.ts";
import type { Session } from "./session.ts";
import { VERSION } from "./version.ts";

const STALL_TIMEOUT_MS = 30_000;
const MAX_REQUEST_ATTEMPTS = 5;
const CERTS_DIR = "/etc/docker/certs.d";

/** @param insecure hosts that may have a certificate of an unknown authority, or none */
export function openRegistries(insecure: readonly string[] = []): Registries {
  return new Registries(systemClock, () => ({
    insecureRegistries: insecure,
    certsDir: CERTS_DIR,
    userAgent: `wharf/${VERSION}`,
    stallTimeoutMs: STALL_TIMEOUT_MS,
    maxAttempts: MAX_REQUEST_ATTEMPTS,
    lookup: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
  }));
}

/** What the configuration, or its helper, has for a registry. @param domain as in an image name */
export async function credentialsFor(session: Session, domain: string): Promise<Credentials> {
  return credentialsOf(await findCredentials({ config: session.config, env: session.host.env }, domain));
}
