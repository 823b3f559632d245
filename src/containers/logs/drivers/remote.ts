import { fluentd } from "./fluentd.ts";
import { gelf } from "./gelf.ts";
import { journald } from "./journald.ts";
import { splunk } from "./splunk.ts";
import { syslog } from "./syslog.ts";
import type { RemoteDriver } from "./types.ts";

/** Drivers that ship lines somewhere, by their names in `--log-driver`. */
export const REMOTE_DRIVERS: Readonly<Record<string, RemoteDriver | undefined>> = {
  fluentd,
  gelf,
  journald,
  splunk,
  syslog,
};
