import type { SystemInfo } from "#spec/docker/system.ts";
import { defineCommand, NO_ARGUMENTS } from "../command.ts";
import { contextName } from "../endpoint.ts";
import { string } from "../flag-kinds.ts";
import { VERSION } from "../version.ts";
import { OBJECT_FORMAT_TEXT } from "./_format-text.ts";
import { type ClientInfo, clientText, serverText, warningText } from "./_info-text.ts";
import { fillObject, readObjectTemplate } from "./_object-format.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: { format: string(OBJECT_FORMAT_TEXT, { short: "f" }) },
  async run({ session, flags }) {
    const template = flags.format ? await readObjectTemplate(flags.format, "") : undefined;
    const client: ClientInfo = {
      Debug: session.flags.debug,
      Version: VERSION,
      Context: contextName(session.endpointSources),
    };
    if (!template) await session.print(`${clientText(client)}\nServer:\n`);
    const { system } = await session.client();
    const info: SystemInfo = await system.info();
    if (template) return await session.print(fillObject(template, { ...info, ClientInfo: client }, "info"));
    await session.print(`${serverText(info)}\n`);
    await session.warn(warningText(info));
  },
});
