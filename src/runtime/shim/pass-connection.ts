import type { Socket } from "bun";
import type { Kernel } from "#kernel/types.ts";
import type { HandOver } from "../types.ts";
import { checkAnswer, DETACH_KEYS_MAX, encodeHandOver, HEAD_BYTES, WORDS_BYTES_MAX } from "./protocol.ts";

interface Asked {
  answer: Buffer;
  readonly settle: (isTaken: boolean) => void;
}

/**
 * Gives a client's connection to the supervisor that listens at `path`. The descriptor goes with the hello: an earlier
 * supervisor does not know this kind, says so, and the kernel drops what it did not take.
 * @returns whether it was taken; never throws, because what passes through the daemon works too
 */
export async function passConnection(
  files: Pick<Kernel["files"], "passDescriptor">,
  path: string,
  { fd, options, detachKeys = new Uint8Array(), words }: HandOver,
): Promise<boolean> {
  if (detachKeys.byteLength > DETACH_KEYS_MAX || words.byteLength > WORDS_BYTES_MAX) return false;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const data: Asked = { answer: Buffer.alloc(0), settle: resolve };
  try {
    const socket = await Bun.connect<Asked>({ unix: path, data, socket: HANDLERS });
    files.passDescriptor(
      (socket as unknown as { readonly fd: number }).fd,
      encodeHandOver(options, words, detachKeys),
      fd,
    );
    return await promise.finally(() => socket.terminate());
  } catch {
    return false; // nobody listens: its process has just ended
  }
}

const HANDLERS = {
  data(socket: Socket<Asked>, bytes: Buffer): void {
    const { data } = socket;
    data.answer = Buffer.concat([data.answer, bytes]);
    if (data.answer.byteLength < HEAD_BYTES) return;
    try {
      checkAnswer(data.answer);
      data.settle(true);
    } catch {
      data.settle(false);
    }
  },
  close(socket: Socket<Asked>): void {
    socket.data.settle(false);
  },
  error(): void {},
};
