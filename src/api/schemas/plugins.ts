import { Type } from "@sinclair/typebox";
import { fields, text, texts } from "./kinds.ts";

/** What the user has agreed to give a plugin. */
export const PluginPrivilegesSchema = Type.Array(fields({ Name: text, Description: text, Value: texts }));

/** "NAME=value" */
export const PluginSettingsSchema = texts;
