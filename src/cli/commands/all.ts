import type { Command } from "../command.ts";

/** A line of the command table: names, one sentence, and where the rest is. Only the command that is called is loaded. */
export interface CommandEntry {
  /** All the ways to call it that help shows: "ps", "container ls". */
  readonly names: readonly string[];
  /** More ways, not listed. */
  readonly aliases?: readonly string[];
  readonly short: string;
  /** Shown first in the program's help. */
  readonly isCommon?: true;
  /** Found by name only. */
  readonly isHidden?: true;
  readonly load: () => Promise<{ readonly command: AnyCommand }>;
}

// biome-ignore lint/suspicious/noExplicitAny: each command types its own flags
export type AnyCommand = Command<any>;

/** The first words of two-word names. */
export const GROUPS: Readonly<Record<string, string>> = {
  checkpoint: "Freeze containers to disk and go on from there",
  container: "Work with containers",
  context: "Work with contexts: named engines",
  image: "Work with images",
  manifest: "Work with lists of images for several platforms",
  network: "Work with networks",
  plugin: "Work with plugins",
  system: "Look after the engine",
  volume: "Work with volumes",
};

export const COMMANDS: readonly CommandEntry[] = [
  {
    names: ["run", "container run"],
    short: "Make a container from an image and start it",
    isCommon: true,
    load: () => import("./run.ts"),
  },
  {
    names: ["exec", "container exec"],
    short: "Run a command in a running container",
    isCommon: true,
    load: () => import("./exec.ts"),
  },
  {
    names: ["ps", "container ls"],
    aliases: ["container list", "container ps"],
    short: "List containers",
    isCommon: true,
    load: () => import("./ps.ts"),
  },
  {
    names: ["pull", "image pull"],
    short: "Fetch an image from a registry",
    isCommon: true,
    load: () => import("./pull.ts"),
  },
  {
    names: ["push", "image push"],
    short: "Send an image to a registry",
    isCommon: true,
    load: () => import("./push.ts"),
  },
  {
    names: ["images", "image ls"],
    aliases: ["image list"],
    short: "List images",
    isCommon: true,
    load: () => import("./images.ts"),
  },
  {
    names: ["login"],
    short: "Keep credentials for a registry",
    isCommon: true,
    load: () => import("./login.ts"),
  },
  {
    names: ["search"],
    short: "Search Docker Hub, or another index, for images",
    load: () => import("./search.ts"),
  },
  {
    names: ["logout"],
    short: "Forget the credentials for a registry",
    isCommon: true,
    load: () => import("./logout.ts"),
  },
  {
    names: ["version"],
    short: "Show the versions of client and engine",
    isCommon: true,
    load: () => import("./version.ts"),
  },
  {
    names: ["info", "system info"],
    short: "Show the state of the engine and its host",
    isCommon: true,
    load: () => import("./info.ts"),
  },

  {
    names: ["compose"],
    short: "Run applications of several containers from Compose files",
    isCommon: true,
    load: () => import("./compose.ts"),
  },
  {
    names: ["attach", "container attach"],
    short: "Connect this terminal to a running container",
    load: () => import("./attach.ts"),
  },
  {
    names: ["commit", "container commit"],
    short: "Make an image of what a container changed",
    load: () => import("./commit.ts"),
  },
  {
    names: ["cp", "container cp"],
    short: "Copy files between a container and this machine",
    load: () => import("./cp.ts"),
  },
  {
    names: ["create", "container create"],
    short: "Make a container without starting it",
    load: () => import("./create.ts"),
  },
  {
    names: ["diff", "container diff"],
    short: "Show what a container changed since its image",
    load: () => import("./diff.ts"),
  },
  {
    names: ["events", "system events"],
    short: "Follow what happens in the engine",
    load: () => import("./events.ts"),
  },
  {
    names: ["export", "container export"],
    short: "Write a container's root file system as an archive",
    load: () => import("./export.ts"),
  },
  {
    names: ["history", "image history"],
    short: "Show how an image was made",
    load: () => import("./history.ts"),
  },
  {
    names: ["import", "image import"],
    short: "Make an image from an archive of files",
    load: () => import("./import.ts"),
  },
  { names: ["inspect"], short: "Show all facts about objects", load: () => import("./inspect.ts") },
  {
    names: ["kill", "container kill"],
    short: "Send a signal to containers, SIGKILL by default",
    load: () => import("./kill.ts"),
  },
  { names: ["load", "image load"], short: "Take in images from an archive", load: () => import("./load.ts") },
  {
    names: ["logs", "container logs"],
    short: "Show what a container has written",
    load: () => import("./logs.ts"),
  },
  {
    names: ["pause", "container pause"],
    short: "Freeze the processes of containers",
    load: () => import("./pause.ts"),
  },
  {
    names: ["port", "container port"],
    short: "Show the published ports of a container",
    load: () => import("./port.ts"),
  },
  {
    names: ["rename", "container rename"],
    short: "Give a container another name",
    load: () => import("./rename.ts"),
  },
  {
    names: ["restart", "container restart"],
    short: "Stop containers and start them again",
    load: () => import("./restart.ts"),
  },
  {
    names: ["rm", "container rm"],
    aliases: ["container remove"],
    short: "Remove containers",
    load: () => import("./rm.ts"),
  },
  {
    names: ["rmi", "image rm"],
    aliases: ["image remove"],
    short: "Remove images",
    load: () => import("./rmi.ts"),
  },
  { names: ["save", "image save"], short: "Write images to an archive", load: () => import("./save.ts") },
  {
    names: ["start", "container start"],
    short: "Start stopped containers",
    load: () => import("./start.ts"),
  },
  {
    names: ["stats", "container stats"],
    short: "Show what containers use, as it changes",
    load: () => import("./stats.ts"),
  },
  { names: ["stop", "container stop"], short: "Stop running containers", load: () => import("./stop.ts") },
  { names: ["tag", "image tag"], short: "Give an image another name", load: () => import("./tag.ts") },
  {
    names: ["top", "container top"],
    short: "List the processes of a container",
    load: () => import("./top.ts"),
  },
  {
    names: ["unpause", "container unpause"],
    short: "Let frozen containers go on",
    load: () => import("./unpause.ts"),
  },
  {
    names: ["update", "container update"],
    short: "Change the limits of containers",
    load: () => import("./update.ts"),
  },
  {
    names: ["wait", "container wait"],
    short: "Wait until containers have stopped and print their exit codes",
    load: () => import("./wait.ts"),
  },
  {
    names: ["completion"],
    short: "Write a completion script for a shell",
    load: () => import("./completion.ts"),
  },
  { names: ["help"], short: "Show help for a command", load: () => import("./help.ts") },
  {
    names: ["__complete"],
    short: "Answer a completion script",
    isHidden: true,
    load: () => import("./complete.ts"),
  },

  {
    names: ["container inspect"],
    short: "Show all facts about containers",
    load: () => import("./container-inspect.ts"),
  },
  {
    names: ["container prune"],
    short: "Remove all stopped containers",
    load: () => import("./container-prune.ts"),
  },

  {
    names: ["image copy"],
    short: "Copy an image between registries, archives, directories and engines",
    load: () => import("./image-copy.ts"),
  },
  {
    names: ["image inspect"],
    short: "Show all facts about images",
    load: () => import("./image-inspect.ts"),
  },
  {
    names: ["image pin"],
    short: "Keep images when room is needed",
    load: () => import("./image-pin.ts"),
  },
  {
    names: ["image unpin"],
    short: "Let pinned images go when room is needed",
    load: () => import("./image-unpin.ts"),
  },
  {
    names: ["image prune"],
    short: "Remove images that nothing uses",
    load: () => import("./image-prune.ts"),
  },

  {
    names: ["manifest annotate"],
    short: "Say more about an image of a list under construction",
    load: () => import("./manifest-annotate.ts"),
  },
  {
    names: ["manifest create"],
    short: "Begin a list of images, here, to be pushed later",
    load: () => import("./manifest-create.ts"),
  },
  {
    names: ["manifest inspect"],
    short: "Show a manifest or a list, from here or its registry",
    load: () => import("./manifest-inspect.ts"),
  },
  {
    names: ["manifest push"],
    short: "Send a list to its registry",
    load: () => import("./manifest-push.ts"),
  },
  {
    names: ["manifest rm"],
    short: "Forget lists under construction",
    load: () => import("./manifest-rm.ts"),
  },
  {
    names: ["network connect"],
    short: "Connect a container to a network",
    load: () => import("./network-connect.ts"),
  },
  { names: ["network create"], short: "Make a network", load: () => import("./network-create.ts") },
  {
    names: ["network disconnect"],
    short: "Take a container off a network",
    load: () => import("./network-disconnect.ts"),
  },
  {
    names: ["network inspect"],
    short: "Show all facts about networks",
    load: () => import("./network-inspect.ts"),
  },
  {
    names: ["network ls"],
    aliases: ["network list"],
    short: "List networks",
    load: () => import("./network-ls.ts"),
  },
  {
    names: ["network prune"],
    short: "Remove networks that nothing uses",
    load: () => import("./network-prune.ts"),
  },
  {
    names: ["network rules"],
    short: "Show what the firewall does for networks and published ports",
    load: () => import("./network-rules.ts"),
  },
  {
    names: ["network rm"],
    aliases: ["network remove"],
    short: "Remove networks",
    load: () => import("./network-rm.ts"),
  },

  {
    names: ["debug", "container debug"],
    short: "Open a shell with tools in a container that may have none",
    load: () => import("./debug.ts"),
  },
  {
    names: ["checkpoint create"],
    short: "Freeze a running container to disk",
    load: () => import("./checkpoint-create.ts"),
  },
  {
    names: ["checkpoint ls"],
    aliases: ["checkpoint list"],
    short: "List checkpoints of a container",
    load: () => import("./checkpoint-ls.ts"),
  },
  {
    names: ["checkpoint rm"],
    aliases: ["checkpoint remove"],
    short: "Remove a checkpoint",
    load: () => import("./checkpoint-rm.ts"),
  },

  {
    names: ["plugin create"],
    short: "Make a plugin from a directory",
    load: () => import("./plugin-create.ts"),
  },
  {
    names: ["plugin disable"],
    short: "Stop a plugin",
    load: () => import("./plugin-disable.ts"),
  },
  {
    names: ["plugin enable"],
    short: "Start a plugin and keep it running",
    load: () => import("./plugin-enable.ts"),
  },
  {
    names: ["plugin inspect"],
    short: "Show all facts about plugins",
    load: () => import("./plugin-inspect.ts"),
  },
  {
    names: ["plugin install"],
    short: "Fetch a plugin from a registry and enable it",
    load: () => import("./plugin-install.ts"),
  },
  {
    names: ["plugin ls"],
    aliases: ["plugin list"],
    short: "List plugins",
    load: () => import("./plugin-ls.ts"),
  },
  {
    names: ["plugin push"],
    short: "Send a plugin to a registry",
    load: () => import("./plugin-push.ts"),
  },
  {
    names: ["plugin rm"],
    aliases: ["plugin remove"],
    short: "Remove plugins",
    load: () => import("./plugin-rm.ts"),
  },
  {
    names: ["plugin set"],
    short: "Change settings of a plugin",
    load: () => import("./plugin-set.ts"),
  },
  {
    names: ["plugin upgrade"],
    short: "Replace a plugin by another version",
    load: () => import("./plugin-upgrade.ts"),
  },

  {
    names: ["volume clone"],
    short: "Make a volume with the files of another",
    load: () => import("./volume-clone.ts"),
  },
  { names: ["volume create"], short: "Make a volume", load: () => import("./volume-create.ts") },
  {
    names: ["volume export"],
    short: "Write a volume's files as a tar archive",
    load: () => import("./volume-export.ts"),
  },
  {
    names: ["volume import"],
    short: "Make a volume from a tar archive",
    load: () => import("./volume-import.ts"),
  },
  {
    names: ["volume inspect"],
    short: "Show all facts about volumes",
    load: () => import("./volume-inspect.ts"),
  },
  {
    names: ["volume ls"],
    aliases: ["volume list"],
    short: "List volumes",
    load: () => import("./volume-ls.ts"),
  },
  {
    names: ["volume prune"],
    short: "Remove volumes that nothing uses",
    load: () => import("./volume-prune.ts"),
  },
  {
    names: ["volume rename"],
    short: "Give a volume another name",
    load: () => import("./volume-rename.ts"),
  },
  {
    names: ["volume rm"],
    aliases: ["volume remove"],
    short: "Remove volumes",
    load: () => import("./volume-rm.ts"),
  },
  {
    names: ["volume snapshot"],
    short: "Keep a volume's files as they are now",
    load: () => import("./volume-snapshot.ts"),
  },
  {
    names: ["volume update"],
    short: "Change a cluster volume",
    load: () => import("./volume-update.ts"),
  },

  {
    names: ["system df"],
    short: "Show how much room images, containers and volumes take",
    load: () => import("./system-df.ts"),
  },
  {
    names: ["system dial-stdio"],
    short: "Connect standard input and output to the engine",
    isHidden: true,
    load: () => import("./system-dial-stdio.ts"),
  },
  {
    names: ["system gc"],
    short: "Delete leftovers and, when the disk is too full, images nobody used for long",
    load: () => import("./system-gc.ts"),
  },
  { names: ["system prune"], short: "Remove what nothing uses", load: () => import("./system-prune.ts") },

  { names: ["context create"], short: "Name an engine", load: () => import("./context-create.ts") },
  {
    names: ["context inspect"],
    short: "Show all facts about contexts",
    load: () => import("./context-inspect.ts"),
  },
  {
    names: ["context ls"],
    aliases: ["context list"],
    short: "List contexts",
    load: () => import("./context-ls.ts"),
  },
  {
    names: ["context rm"],
    aliases: ["context remove"],
    short: "Remove contexts",
    load: () => import("./context-rm.ts"),
  },
  {
    names: ["context show"],
    short: "Print the name of the context in use",
    load: () => import("./context-show.ts"),
  },
  {
    names: ["context use"],
    short: "Choose the context for later commands",
    load: () => import("./context-use.ts"),
  },
];

/** A command that words led to; `words` of them are its name. */
export interface FoundCommand {
  readonly entry: CommandEntry;
  readonly words: 1 | 2;
}

export function findCommand(first: string, second: string | undefined): FoundCommand | undefined {
  const isGroup = Object.hasOwn(GROUPS, first);
  if (isGroup && second === undefined) return undefined;
  const name = isGroup ? `${first} ${second}` : first;
  for (const entry of COMMANDS)
    if (entry.names.includes(name) || entry.aliases?.includes(name)) return { entry, words: isGroup ? 2 : 1 };
  return undefined;
}
