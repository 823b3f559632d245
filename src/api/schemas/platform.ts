import { fields, text } from "./kinds.ts";

export const PlatformSchema = fields({
  os: text,
  architecture: text,
  variant: text,
});
