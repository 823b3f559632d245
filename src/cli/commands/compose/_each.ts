/** Verbs that do one thing to each container of some services. */
import { forEachContainer } from "#compose/engine/lifecycle.ts";
import type { ComposeContext, ObservedContainer } from "#compose/engine/types.ts";
import type { Project } from "#compose/model/types.ts";
import type { ComposeSession } from "../../compose/session.ts";
import { CliError } from "../../errors.ts";

export interface EachOptions {
  /** "pause" */
  readonly operation: string;
  readonly services: readonly string[];
  readonly states: readonly string[];
  readonly working: string;
  readonly done: string;
  readonly call: (context: ComposeContext, container: ObservedContainer) => Promise<void>;
}

/** @throws CliError when a name is unknown */
export async function eachContainer(compose: ComposeSession, options: EachOptions): Promise<void> {
  const { operation, services, states, call, ...words } = options;
  const { project, hasFiles } = await compose.projectOrEngine();
  checkNames(project, services, hasFiles);
  await compose.operation(operation, async (context) => {
    const containers = (await compose.containers()).filter(
      ({ service, state }) =>
        states.includes(state) &&
        (services.length > 0 ? services.includes(service) : service in project.services || !hasFiles),
    );
    await forEachContainer(context, containers, { ...words, call: (container) => call(context, container) });
  });
}

/** @throws CliError */
export function checkNames(project: Project, services: readonly string[], hasFiles: boolean): void {
  const unknown = services.find((name) => !(name in project.services) && !(name in project.disabledServices));
  if (hasFiles && unknown !== undefined) throw new CliError(`no such service: ${unknown}`);
}
