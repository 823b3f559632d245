import type { GlobalFlags } from "./global-flags.ts";

/** The flags before the command's name when there are none: most calls need not load their table. */
export const NO_GLOBAL_FLAGS: GlobalFlags = {
  config: "",
  context: "",
  debug: false,
  host: [],
  "log-level": "info",
  tls: false,
  tlscacert: "",
  tlscert: "",
  tlskey: "",
  tlsverify: false,
  version: false,
};
