import type { Project } from "./types.ts";

/** A project of this name that has nothing in it. */
export function emptyProject(name: string): Project {
  return {
    name,
    workingDirectory: "",
    files: [],
    environment: {},
    services: {},
    disabledServices: {},
    networks: {},
    volumes: {},
    secrets: {},
    configs: {},
    models: {},
    jobs: {},
    disabledJobs: {},
    profiles: [],
    extensions: {},
  };
}
