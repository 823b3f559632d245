import { loadProjectModel } from "#compose/model/load.ts";
import type { Project } from "#compose/model/types.ts";
import { variablesOf, variablesTable } from "#compose/model/variables.ts";
import { isRemote } from "#compose/remote/reference.ts";
import { confirm } from "../../compose/context.ts";
import type { ComposeSession } from "../../compose/session.ts";
import { CliError } from "../../errors.ts";

/**
 * Files that somebody else wrote may name any of this user's variables: before something is started from them, the user
 * sees which. Nothing is asked for files of this machine.
 * @throws CliError when the answer is no
 */
export async function confirmRemote(compose: ComposeSession, project: Project): Promise<void> {
  const remote = compose.flags.file.filter(isRemote);
  if (remote.length === 0) return;
  const { tree } = await loadProjectModel({ ...compose.loadOptions, interpolate: false, validate: false });
  const variables = variablesOf(tree);
  await compose.host.stderr.write(`The project ${remote.join(", ")} is kept at ${project.files[0]}\n`);
  if (variables.length === 0) return;
  const given = variables.filter(({ name }) => project.environment[name] !== undefined);
  const values = given.map(({ name }) => `${name} is set here: its value goes into the project\n`).join("");
  const question = `${variablesTable(variables)}${values}Use these variables of this machine?`;
  if (!(await confirm(compose, question))) throw new CliError("nothing was started");
}
