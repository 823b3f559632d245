import { Type } from "@sinclair/typebox";
import { fields, text, textMap } from "./kinds.ts";

export const VolumeCreateSchema = fields({
  Name: text,
  Driver: text,
  DriverOpts: textMap,
  Labels: textMap,
  ClusterVolumeSpec: Type.Unknown(),
});
