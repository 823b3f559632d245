import { Conflict } from "#base/errors.ts";
import { FrameDecoder, STREAM } from "#spec/std-copy.ts";
import type { ServiceHook } from "../../model/container-types.ts";
import type { Service } from "../../model/types.ts";
import { environmentList } from "../body/body.ts";
import type { ComposeClient } from "../types.ts";

/** Of what a failed hook wrote, this much is shown. */
const MAX_SHOWN_CHARACTERS = 2048;

/** Told of what hooks write, line by line. */
export type HookOutput = (service: string, text: string) => void;

/**
 * Runs a `post_start` or `pre_stop` command inside a running container, to its end.
 * @throws Conflict when it fails, with what it wrote
 */
export async function runHook(
  { execs }: Pick<ComposeClient, "execs">,
  container: string,
  {
    service,
    hook,
    onOutput,
  }: { readonly service: Service; readonly hook: ServiceHook; readonly onOutput?: HookOutput },
): Promise<void> {
  const { Id } = await execs.create(container, {
    User: hook.user ?? "",
    Privileged: hook.privileged ?? false,
    Env: environmentList(hook.environment ?? {}),
    WorkingDir: hook.working_dir ?? "",
    Cmd: [...(hook.command ?? [])],
    AttachStdin: false,
    AttachStdout: true,
    AttachStderr: true,
    Detach: false,
    DetachKeys: "",
    Tty: false,
    ConsoleSize: null,
  });
  const channel = await execs.start(Id, { Tty: false, ConsoleSize: null });
  const written = { [STREAM.stdout]: "", [STREAM.stderr]: "" } as Record<number, string>;
  const decoder = new FrameDecoder();
  for (let chunk = await channel.read(); chunk; chunk = await channel.read())
    for (const { stream, data } of decoder.push(chunk)) {
      const text = new TextDecoder().decode(data);
      written[stream] = ((written[stream] ?? "") + text).slice(-MAX_SHOWN_CHARACTERS);
      onOutput?.(service.name, text);
    }
  channel.close();
  const exitCode = await execs.exitCode(Id);
  if (exitCode === 0) return;
  const words = (written[STREAM.stderr]!.trim() || written[STREAM.stdout]!.trim()).replace(/^(?=.)/, ": ");
  throw new Conflict(`${service.name} hook exited with status ${exitCode}${words}`);
}
