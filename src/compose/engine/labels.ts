/** The labels by which Compose tools know what is theirs. They are the contract between this and every other such tool. */
import type { Dependency, Project } from "../model/types.ts";

export const LABEL = {
  project: "com.docker.compose.project",
  service: "com.docker.compose.service",
  configHash: "com.docker.compose.config-hash",
  containerNumber: "com.docker.compose.container-number",
  volume: "com.docker.compose.volume",
  network: "com.docker.compose.network",
  workingDirectory: "com.docker.compose.project.working_dir",
  configFiles: "com.docker.compose.project.config_files",
  environmentFile: "com.docker.compose.project.environment_file",
  oneoff: "com.docker.compose.oneoff",
  slug: "com.docker.compose.slug",
  image: "com.docker.compose.image",
  imageVolumeDigest: "com.docker.compose.image-volume-digest",
  dependsOn: "com.docker.compose.depends_on",
  version: "com.docker.compose.version",
  replace: "com.docker.compose.replace",
  hook: "com.docker.compose.hook",
  hookIndex: "com.docker.compose.hook-index",
} as const;

export type Labels = Readonly<Record<string, string>>;

/** What labels say about the tool and its call. */
export interface Origin {
  /** Of this tool. */
  readonly version: string;
  /** Env files named on the command line, absolute. */
  readonly envFiles: readonly string[];
}

/** The labels of a project's containers that do not depend on the one container. */
export function projectLabels(
  project: Pick<Project, "name" | "workingDirectory" | "files">,
  origin: Origin,
): Labels {
  return {
    [LABEL.project]: project.name,
    [LABEL.version]: origin.version,
    [LABEL.workingDirectory]: project.workingDirectory,
    [LABEL.configFiles]: project.files.join(","),
    ...(origin.envFiles.length > 0 ? { [LABEL.environmentFile]: origin.envFiles.join(",") } : {}),
  };
}

type Dependencies = Readonly<Record<string, Dependency>>;

/** "db:service_healthy:false,mq:service_started:true" */
export function encodeDependsOn(dependencies: Dependencies = {}): string {
  return Object.keys(dependencies)
    .sort()
    .map((name) => {
      const { condition, restart = false } = dependencies[name]!;
      return `${name}:${condition}:${restart}`;
    })
    .join(",");
}

/** Old tools wrote names only: then a restart goes on to the dependent service. */
export function parseDependsOn(text: string): Record<string, Dependency> {
  const entries = text.split(",").filter((entry) => entry !== "");
  return Object.fromEntries(
    entries.map((entry) => {
      const [name = "", condition, restart] = entry.split(":");
      return [
        name,
        {
          condition: (condition ?? "service_started") as Dependency["condition"],
          restart: restart === undefined ? true : restart === "true",
          required: false,
        },
      ];
    }),
  );
}
