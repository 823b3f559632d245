import type { ContainerConfig, HealthConfig } from "#spec/docker/containers.ts";

/**
 * What a container runs with: the request, completed by what the image says. The user's words win, with two subtleties
 * of Docker's: an entrypoint of the user's drops the image's command, and `--entrypoint ""` drops the image's entrypoint.
 */
export function mergeImageConfig(user: ContainerConfig, image: ContainerConfig): ContainerConfig {
  return {
    ...user,
    ...mergeCommand(user, image),
    User: user.User || image.User || "",
    WorkingDir: user.WorkingDir || image.WorkingDir || "",
    Env: mergeEnv(user.Env ?? [], image.Env ?? []) ?? null,
    ExposedPorts: { ...image.ExposedPorts, ...user.ExposedPorts },
    Volumes: { ...image.Volumes, ...user.Volumes },
    Labels: { ...image.Labels, ...user.Labels },
    StopSignal: user.StopSignal || image.StopSignal || "",
    StopTimeout: user.StopTimeout ?? image.StopTimeout,
    Healthcheck: mergeHealthcheck(user.Healthcheck, image.Healthcheck),
    Shell: user.Shell ?? image.Shell,
  };
}

function mergeCommand(
  user: ContainerConfig,
  image: ContainerConfig,
): Pick<ContainerConfig, "Entrypoint" | "Cmd"> {
  const isReset = user.Entrypoint?.length === 1 && user.Entrypoint[0] === "";
  if (user.Entrypoint && user.Entrypoint.length > 0)
    return { Entrypoint: isReset ? null : user.Entrypoint, Cmd: user.Cmd ?? null };
  return {
    Entrypoint: user.Entrypoint ? null : (image.Entrypoint ?? null),
    Cmd: user.Cmd && user.Cmd.length > 0 ? user.Cmd : (image.Cmd ?? null),
  };
}

/** The user's variables, then those of the image that the user did not name. */
function mergeEnv(user: readonly string[], image: readonly string[]): string[] | undefined {
  if (user.length + image.length === 0) return undefined;
  const named = new Set(user.map(variableName));
  return [...user, ...image.filter((variable) => !named.has(variableName(variable)))];
}

function variableName(variable: string): string {
  return variable.split("=", 1)[0]!;
}

/** An empty test means "as the image says"; each number the user left out is the image's. */
function mergeHealthcheck(
  user: HealthConfig | undefined,
  image: HealthConfig | undefined,
): HealthConfig | undefined {
  if (!user || !image) return user ?? image;
  return {
    Test: user.Test && user.Test.length > 0 ? user.Test : image.Test,
    Interval: user.Interval || image.Interval,
    Timeout: user.Timeout || image.Timeout,
    StartPeriod: user.StartPeriod || image.StartPeriod,
    StartInterval: user.StartInterval || image.StartInterval,
    Retries: user.Retries || image.Retries,
  };
}
