import { lookup } from "node:dns/promises";
import type { Clock } from "#base/clock.ts";
import { Registries } from "#registry/registries.ts";
import { type ImagesOptions, withDefaults } from "./options.ts";

/** Tries of one request to a busy registry. */
const MAX_REQUEST_ATTEMPTS = 5;

/** The way to registries as an operator has set it. */
export function openRegistries(clock: Clock, options: Partial<ImagesOptions> | undefined): Registries {
  return new Registries(clock, () => ({
    ...withDefaults(options),
    maxAttempts: MAX_REQUEST_ATTEMPTS,
    lookup: addressesOf,
  }));
}

async function addressesOf(hostname: string): Promise<string[]> {
  return (await lookup(hostname, { all: true })).map(({ address }) => address);
}
