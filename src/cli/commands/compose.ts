import { ANY_ARGUMENTS, defineCommand } from "../command.ts";
import { COMPOSE_FLAGS } from "../compose/flags.ts";
import { runVerb, showComposeHelp } from "../compose/run-verb.ts";

export const command = defineCommand({
  usage: "[OPTIONS] COMMAND [ARG...]",
  arguments: ANY_ARGUMENTS,
  interspersed: false,
  flags: COMPOSE_FLAGS,
  help: showComposeHelp,
  run: ({ session, args, flags, given }) => runVerb(session, args, { flags, given }),
});
