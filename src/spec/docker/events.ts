/** Event shapes of the Docker Engine API. */
export type EventType =
  | "builder"
  | "config"
  | "container"
  | "daemon"
  | "image"
  | "network"
  | "node"
  | "plugin"
  | "secret"
  | "service"
  | "volume";

export interface EventMessage {
  Type: EventType;
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
  scope: "local" | "swarm";
  /** Seconds since 1970. */
  time: number;
  timeNano: number;
  /** Before API 1.52 also these three. */
  status?: string;
  id?: string;
  from?: string;
}
