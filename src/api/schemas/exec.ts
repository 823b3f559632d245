import { Type } from "@sinclair/typebox";
import { fields, text, texts, textsOrText, yesNo } from "./kinds.ts";

/** [height, width] */
export const ConsoleSizeSchema = Type.Array(Type.Integer({ minimum: 0 }), { minItems: 2, maxItems: 2 });

export const ExecConfigSchema = fields({
  User: text,
  Privileged: yesNo,
  Tty: yesNo,
  ConsoleSize: ConsoleSizeSchema,
  AttachStdin: yesNo,
  AttachStderr: yesNo,
  AttachStdout: yesNo,
  Detach: yesNo,
  DetachKeys: text,
  Env: texts,
  WorkingDir: text,
  Cmd: textsOrText,
});

export const ExecStartSchema = fields({ Detach: yesNo, Tty: yesNo, ConsoleSize: ConsoleSizeSchema });
