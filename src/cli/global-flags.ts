import { bool, list, string } from "./flag-kinds.ts";
import type { FlagValues } from "./flags.ts";

/** The flags before the command's name. */
export const GLOBAL_FLAGS = {
  config: string("Directory of the client's configuration files", { shownDefault: '"~/.docker"' }),
  context: string(
    'Context to use for this call, before DOCKER_HOST and the context chosen with "wharf context use"',
    { short: "c" },
  ),
  debug: bool("Show where in the program a failure comes from", { short: "D" }),
  host: list("Address of the engine to talk to", { short: "H" }),
  "log-level": string("Accepted for old scripts: the client keeps no log", {
    short: "l",
    initial: "info",
  }),
  tls: bool("Use TLS without checking the engine's certificate"),
  tlscacert: string("Trust only certificates signed by this authority", {
    shownDefault: '"~/.docker/ca.pem"',
  }),
  tlscert: string("The client's TLS certificate", { shownDefault: '"~/.docker/cert.pem"' }),
  tlskey: string("The client's TLS key", { shownDefault: '"~/.docker/key.pem"' }),
  tlsverify: bool("Use TLS and check the engine's certificate"),
  version: bool("Print the version and end", { short: "v" }),
};

export type GlobalFlags = FlagValues<typeof GLOBAL_FLAGS>;
