import { fields, texts } from "./kinds.ts";

export const MissingContentSchema = fields({ digests: texts });
