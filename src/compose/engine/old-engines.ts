/** What engines of older API versions would take and ignore, or refuse with less clear words. */
import { NotImplemented } from "#base/errors.ts";
import { isBefore } from "#spec/docker/versions.ts";
import type { Project, Service } from "../model/types.ts";

interface Need {
  readonly key: string;
  /** Version of the API that has it. */
  readonly since: string;
  readonly isAsked: (service: Service) => boolean;
}

const networks = ({ networks: all = {} }: Service) => Object.values(all).map((one) => one ?? {});

const NEEDS: readonly Need[] = [
  {
    key: "healthcheck.start_interval",
    since: "1.44",
    isAsked: ({ healthcheck }) => healthcheck?.start_interval !== undefined,
  },
  {
    key: "networks.mac_address",
    since: "1.44",
    isAsked: (service) => networks(service).some(({ mac_address }) => mac_address),
  },
  {
    key: "volumes.volume.subpath",
    since: "1.45",
    isAsked: ({ volumes = [] }) => volumes.some(({ volume }) => volume?.subpath),
  },
  {
    key: "volumes of type image",
    since: "1.48",
    isAsked: ({ volumes = [] }) => volumes.some(({ type }) => type === "image"),
  },
  {
    key: "networks.gw_priority",
    since: "1.48",
    isAsked: (service) => networks(service).some(({ gw_priority }) => gw_priority),
  },
  {
    key: "networks.interface_name",
    since: "1.49",
    isAsked: (service) => networks(service).some(({ interface_name }) => interface_name),
  },
];

/** Pure. @throws NotImplemented for the first service that asks for what the engine does not know yet */
export function refuseTooNew({ services }: Pick<Project, "services">, apiVersion: string): void {
  for (const service of Object.values(services))
    for (const { key, since, isAsked } of NEEDS)
      if (isBefore(apiVersion, since) && isAsked(service))
        throw new NotImplemented(
          `service "${service.name}": ${key} needs an engine with API ${since}, this one has ${apiVersion}`,
          { hint: "Update the engine, or take it out of the service" },
        );
}
