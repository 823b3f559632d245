import type { ContainerView } from "#containers/types.ts";
import type { ContainerSummary } from "#spec/docker/containers.ts";
import { type ApiVersion, isBefore } from "#spec/docker/versions.ts";
import { mountViews } from "#volumes/mount-view.ts";
import type { Volumes } from "#volumes/types.ts";
import { endpointMap } from "./endpoint.ts";
import { portSummaries } from "./ports.ts";
import { statusText } from "./status-text.ts";

export interface SummaryOptions {
  readonly version: ApiVersion;
  readonly nowMs: number;
  readonly findVolume: Volumes["find"];
}

/** One item of `GET /containers/json`. */
export function containerSummary(view: ContainerView, options: SummaryOptions): ContainerSummary {
  const { version } = options;
  const { health } = view.state;
  return {
    Id: view.id,
    Names: [`/${view.name}`, ...view.linkNames],
    Image: view.imageName,
    ImageID: view.imageId,
    Command: commandText([...(view.config.Entrypoint ?? []), ...(view.config.Cmd ?? [])]),
    Created: Math.floor(Date.parse(view.created) / 1000),
    Ports: portSummaries(view),
    ...(view.sizes?.rw ? { SizeRw: view.sizes.rw } : {}),
    ...(view.sizes?.rootFs ? { SizeRootFs: view.sizes.rootFs } : {}),
    Labels: view.config.Labels ?? {},
    State: view.state.status,
    Status: statusText(view.state, options.nowMs),
    HostConfig: {
      NetworkMode: view.hostConfig.NetworkMode ?? "default",
      ...(view.hostConfig.Annotations && !isBefore(version, "1.46")
        ? { Annotations: view.hostConfig.Annotations }
        : {}),
    },
    ...(isBefore(version, "1.52")
      ? {}
      : { Health: { Status: health?.Status ?? "none", FailingStreak: health?.FailingStreak ?? 0 } }),
    NetworkSettings: { Networks: endpointMap(view) },
    Mounts: mountViews(view.mounts, options.findVolume),
  };
}

/** The command as `ps` shows it: arguments with spaces are quoted, the program's name is not. */
function commandText([program = "", ...args]: readonly string[]): string {
  return [program, ...args.map((arg) => (arg.includes(" ") ? `'${arg}'` : arg))].join(" ");
}
