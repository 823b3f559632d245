import { PortMapSchema } from "./containers.ts";
import { fields } from "./kinds.ts";

/** Ports of a container to publish, and to withdraw. */
export const PublishSchema = fields({ Add: PortMapSchema, Remove: PortMapSchema });
