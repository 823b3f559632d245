import { NotFound } from "#base/errors.ts";
import { bridgeDriver } from "./bridge.ts";
import { hostDriver } from "./host.ts";
import { ipvlanDriver } from "./ipvlan.ts";
import { macvlanDriver } from "./macvlan.ts";
import { nullDriver } from "./none.ts";
import type { NetworkDriver } from "./types.ts";

const DRIVERS: Readonly<Record<string, NetworkDriver>> = {
  bridge: bridgeDriver,
  host: hostDriver,
  ipvlan: ipvlanDriver,
  macvlan: macvlanDriver,
  null: nullDriver,
};

/** @throws NotFound with Docker's text */
export function driverNamed(name: string): NetworkDriver {
  if (!Object.hasOwn(DRIVERS, name))
    throw new NotFound(`could not find plugin ${name} in v1 plugin registry: plugin not found`, {
      hint: `this engine has the drivers ${Object.keys(DRIVERS).join(", ")}`,
    });
  return DRIVERS[name]!;
}
