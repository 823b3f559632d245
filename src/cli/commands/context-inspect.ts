import { ANY_ARGUMENTS, defineCommand } from "../command.ts";
import { type ContextMeta, metaDirectory, readContext, tlsDirectory, tlsFilesOf } from "../contexts.ts";
import { contextName, DEFAULT_CONTEXT } from "../endpoint.ts";
import { string } from "../flag-kinds.ts";
import { htmlSafeJson } from "../format/json.ts";
import type { Session } from "../session.ts";
import { defaultContext } from "./_contexts.ts";
import { OBJECT_FORMAT_TEXT } from "./_format-text.ts";
import { inspectObjects } from "./_inspect.ts";

export const command = defineCommand({
  usage: "[OPTIONS] [CONTEXT] [CONTEXT...]",
  arguments: ANY_ARGUMENTS,
  completes: "contexts",
  flags: { format: string(OBJECT_FORMAT_TEXT, { short: "f" }) },
  async run({ session, args, flags }) {
    const names = args.length > 0 ? args : [contextName(session.endpointSources)];
    const find = async (name: string) => ({ json: htmlSafeJson(describe(session, name)) });
    await inspectObjects(session, names, { format: flags.format, find });
  },
});

function describe(session: Session, name: string): ContextMeta & Record<string, unknown> {
  if (name === DEFAULT_CONTEXT)
    return {
      ...defaultContext(session),
      TLSMaterial: {},
      Storage: { MetadataPath: "<IN MEMORY>", TLSPath: "<IN MEMORY>" },
    };
  const { configDirectory } = session;
  const files = tlsFilesOf(configDirectory, name);
  return {
    ...readContext(configDirectory, name),
    TLSMaterial: files.length > 0 ? { docker: files } : {},
    Storage: {
      MetadataPath: metaDirectory(configDirectory, name),
      TLSPath: tlsDirectory(configDirectory, name),
    },
  };
}
