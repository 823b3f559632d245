import type { PluginPrivilege } from "#spec/docker/plugins.ts";
import { DEFAULT_TAG, familiarReference, parseReference, withDefaultTag } from "#spec/reference.ts";
import { registryAuthHeader } from "../credentials.ts";
import { CliError } from "../errors.ts";
import { bool } from "../flag-kinds.ts";
import { Prompter } from "../prompt.ts";
import type { Session } from "../session.ts";

export const GRANT_FLAGS = {
  "disable-content-trust": bool("Accepted for old scripts; see the engine's trust policy", {
    initial: true,
    hidden: true,
  }),
  "grant-all-permissions": bool("Grant what the plugin asks for without being asked"),
} as const;

/** A plugin at a registry as the engine is asked for it. @throws InvalidArgument */
export async function remoteOf(session: Session, name: string) {
  const reference = withDefaultTag(parseReference(name));
  const source = { config: session.config, env: session.host.env };
  return {
    remote: familiarReference(
      reference.digest ? reference : { ...reference, tag: reference.tag ?? DEFAULT_TAG },
    ),
    registryAuth: await registryAuthHeader(source, reference.domain),
  };
}

/** What the plugin wants of the host. @throws CliError when the user does not agree */
export async function grantedPrivileges(
  session: Session,
  { remote, registryAuth, grantAll }: Awaited<ReturnType<typeof remoteOf>> & { readonly grantAll: boolean },
): Promise<PluginPrivilege[]> {
  const { plugins } = await session.client();
  const wanted = await plugins.privileges({ remote, registryAuth });
  if (grantAll || wanted.length === 0) return wanted;
  const list = wanted.map(({ Name, Value }) => ` - ${Name}: [${Value.join(" ")}]\n`).join("");
  await session.print(`Plugin "${remote}" is requesting the following privileges:\n${list}`);
  if (!(await hasAgreed(session, "Do you grant the above permissions?")))
    throw new CliError(`permission denied while installing plugin ${remote}`);
  return wanted;
}

export async function hasAgreed(session: Session, question: string): Promise<boolean> {
  const answer = await new Prompter(session).ask(`${question} [y/N] `);
  return answer.trim().toLowerCase() === "y";
}
