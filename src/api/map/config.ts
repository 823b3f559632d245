import type { ContainerConfig } from "#spec/docker/containers.ts";

/** A container's Config as `inspect` shows it: Docker's order, empty values where nothing was asked. */
export function configView(config: ContainerConfig): ContainerConfig {
  return {
    Hostname: config.Hostname ?? "",
    Domainname: config.Domainname ?? "",
    User: config.User ?? "",
    AttachStdin: config.AttachStdin ?? false,
    AttachStdout: config.AttachStdout ?? false,
    AttachStderr: config.AttachStderr ?? false,
    ...(hasKeys(config.ExposedPorts) ? { ExposedPorts: config.ExposedPorts } : {}),
    Tty: config.Tty ?? false,
    OpenStdin: config.OpenStdin ?? false,
    StdinOnce: config.StdinOnce ?? false,
    Env: config.Env ?? null,
    Cmd: config.Cmd ?? null,
    ...(config.Healthcheck ? { Healthcheck: config.Healthcheck } : {}),
    ...(config.ArgsEscaped ? { ArgsEscaped: true } : {}),
    Image: config.Image ?? "",
    Volumes: hasKeys(config.Volumes) ? config.Volumes : null,
    WorkingDir: config.WorkingDir ?? "",
    Entrypoint: config.Entrypoint ?? null,
    ...(config.NetworkDisabled ? { NetworkDisabled: true } : {}),
    ...(config.MacAddress ? { MacAddress: config.MacAddress } : {}),
    OnBuild: config.OnBuild ?? null,
    Labels: config.Labels ?? {},
    ...(config.StopSignal ? { StopSignal: config.StopSignal } : {}),
    ...(config.StopTimeout === undefined ? {} : { StopTimeout: config.StopTimeout }),
    ...(config.Shell?.length ? { Shell: config.Shell } : {}),
  };
}

/** An image's Config. Before API 1.52 every field is there, before 1.50 also those only containers use. */
export function imageConfigView(
  config: ContainerConfig,
  options: { readonly allFields: boolean; readonly containerFields: boolean },
): ContainerConfig {
  const { OnBuild, Labels, ...common } = configView(config);
  const full = { ...common, OnBuild, Labels: hasKeys(config.Labels) ? Labels : null };
  const kept = Object.entries(full).filter(
    ([name, value]) =>
      (options.containerFields || !CONTAINER_ONLY.has(name)) && (options.allFields || !isEmpty(value)),
  );
  return Object.fromEntries(kept);
}

const CONTAINER_ONLY: ReadonlySet<string> = new Set([
  "Hostname",
  "Domainname",
  "AttachStdin",
  "AttachStdout",
  "AttachStderr",
  "Tty",
  "OpenStdin",
  "StdinOnce",
  "Image",
]);

function isEmpty(value: unknown): boolean {
  return value === null || value === "" || value === false || value === undefined;
}

function hasKeys(value: object | null | undefined): boolean {
  return value !== null && value !== undefined && Object.keys(value).length > 0;
}
