import type { Log } from "#base/log.ts";
import type { Firewall } from "#kernel/types.ts";
import { Postponed } from "./postponed.ts";
import type { Rules } from "./rules.ts";

/** A flush comes as many notices. */
const RESTORE_AFTER_MS = 10;
/** Others write many rules one after the other. */
const LOOK_AFTER_MS = 300;

export interface FirewallGuardDeps {
  readonly firewall: Firewall;
  readonly rules: Pick<Rules, "load">;
  readonly table: string;
  readonly log: Log;
  /** The host's other rules are new. */
  readonly othersChanged: () => void;
}

/**
 * Keeps our rules in force whatever other programs do to the host's firewall: a reload of firewalld, a flush by hand. What
 * happens while no daemon runs, the next one finds.
 */
export function guardFirewall({ firewall, rules, table, log, othersChanged }: FirewallGuardDeps): Disposable {
  const restore = new Postponed(RESTORE_AFTER_MS, () => {
    log.warn("the firewall table was changed by someone else; writing it anew", { table });
    rules.load();
  });
  const look = new Postponed(LOOK_AFTER_MS, othersChanged);
  const attempt = (work: Postponed) => () =>
    work.soon((error) => log.error("cannot put the firewall right", { table, error }));
  const watch = firewall.watch(table, { damaged: attempt(restore), othersChanged: attempt(look) });
  return {
    [Symbol.dispose]() {
      watch[Symbol.dispose]();
      restore.cancel();
      look.cancel();
    },
  };
}
