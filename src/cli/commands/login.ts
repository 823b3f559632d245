import { isEngineAnswer } from "#client/errors.ts";
import type { AuthConfig } from "#spec/docker/auth.ts";
import { AT_MOST_ONE_ARGUMENT, defineCommand } from "../command.ts";
import { changeConfig } from "../config-write.ts";
import { credentialsKey, findCredentials, helperFor, storeInHelper } from "../credentials.ts";
import { CliError, shownMessage } from "../errors.ts";
import { bool, string } from "../flag-kinds.ts";
import { Prompter } from "../prompt.ts";
import type { Session } from "../session.ts";

export const command = defineCommand({
  usage: "[OPTIONS] [SERVER]",
  arguments: AT_MOST_ONE_ARGUMENT,
  description: "Keep credentials for a registry.\nWithout a server, Docker Hub is meant.",
  flags: {
    password: string("Password or access token", { short: "p" }),
    "password-stdin": bool("Read the password or access token from standard input"),
    username: string("User name", { short: "u" }),
  },
  async run({ session, args: [server], flags, given }) {
    const isAnyGiven = flags["password-stdin"] || given.has("username") || given.has("password");
    if (!isAnyGiven && (await loginAsBefore(session, server ?? ""))) return;
    const credentials = await askFor(session, { ...flags, isPasswordGiven: given.has("password") });
    const serveraddress = credentialsKey(server ?? "");
    const { system } = await session.client();
    const { Status, IdentityToken } = await system.auth({ ...credentials, serveraddress });
    await keep(
      session,
      IdentityToken
        ? { ...credentials, serveraddress, identitytoken: IdentityToken }
        : { ...credentials, serveraddress },
    );
    if (Status) await session.print(`${Status}\n`);
  },
});

/** Credentials that are kept are tried first. @returns whether they still hold */
async function loginAsBefore(session: Session, server: string): Promise<boolean> {
  const source = { config: session.config, env: session.host.env };
  const known = await findCredentials(source, credentialsKey(server));
  if (!known.username || !known.password) return false;
  await session.warn(
    `Authenticating with existing credentials... [Username: ${known.username}]\n\n` +
      "To login with a different account, run 'wharf logout' followed by 'wharf login'\n\n",
  );
  try {
    const { system } = await session.client();
    const { Status } = await system.auth(known);
    if (Status) await session.print(`${Status}\n`);
    return true;
  } catch (error) {
    const isRefused = isEngineAnswer(error) && error.kind === "unauthenticated";
    const words = isRefused
      ? "Stored credentials invalid or expired"
      : `Login did not succeed, error: ${shownMessage(error)}`;
    await session.warn(`${words}\n`);
    return false;
  }
}

interface LoginFlags {
  readonly username: string;
  readonly password: string;
  readonly "password-stdin": boolean;
  readonly isPasswordGiven: boolean;
}

async function askFor(session: Session, flags: LoginFlags): Promise<{ username: string; password: string }> {
  const { stdin } = session.host;
  if (flags["password-stdin"]) {
    if (flags.isPasswordGiven)
      throw new CliError("conflicting options: cannot specify both --password and --password-stdin");
    if (!flags.username) throw new CliError("the --password-stdin option requires --username to be set");
    return { username: flags.username, password: await readAll(stdin.stream()) };
  }
  if (flags.isPasswordGiven)
    await session.warn("WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n");
  if ((!flags.username || !flags.password) && !stdin.isTerminal())
    throw new CliError("Error: Cannot perform an interactive login from a non TTY device");
  const prompter = new Prompter(session);
  const username = flags.username || (await prompter.ask("Username: "));
  if (!username) throw new CliError("Error: Non-null Username Required");
  const password = flags.password || (await prompter.ask("Password: ", { hidden: true }));
  if (!password) throw new CliError("Error: Password Required");
  return { username, password };
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks = await Array.fromAsync(stream);
  return Buffer.concat(chunks)
    .toString()
    .replace(/\r?\n$/, "");
}

/** In the configuration's helper, or else in the file itself, which is told: anyone who reads it has them. */
async function keep(session: Session, credentials: AuthConfig): Promise<void> {
  const key = credentials.serveraddress!;
  const helper = helperFor(session.config, key);
  if (helper) return await storeInHelper({ helper, env: session.host.env }, credentials);
  const { username = "", password = "", identitytoken } = credentials;
  const auth = Buffer.from(`${username}:${identitytoken ? "" : password}`).toString("base64");
  const stored = identitytoken ? { auth, identitytoken } : { auth };
  changeConfig(session.configDirectory, ({ auths }) => ({ auths: { ...auths, [key]: stored } }));
  await session.warn(
    `\nWARNING! Your credentials are stored unencrypted in '${session.configDirectory}/config.json'.\n` +
      "Configure a credential helper (credsStore) to keep them elsewhere.\n\n",
  );
}
