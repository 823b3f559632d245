/** Whether a container is what `depends_on` or `--wait` waits for. */
import type { ContainerInspect } from "#spec/docker/containers.ts";
import type { Condition } from "../plan/types.ts";

export type Verdict =
  | { readonly is: "met"; readonly word: "Healthy" | "Exited" }
  | { readonly is: "open" }
  | { readonly is: "failed"; readonly reason: string };

/** A container without a health check counts as up when it has run this long: many fail at once or not at all. */
export const SETTLED_MS = 150;

const OPEN: Verdict = { is: "open" };
const HEALTHY: Verdict = { is: "met", word: "Healthy" };

type Inspect = Pick<ContainerInspect, "Name" | "State" | "Config">;

/** Pure. @param service its name, for the text of a failure @param nowMs milliseconds since 1970 */
export function judge(
  condition: Condition,
  container: Inspect,
  at: { service: string; nowMs: number },
): Verdict {
  if (condition === "service_completed_successfully") return judgeEnd(container, at.service);
  const { State, Config } = container;
  const name = container.Name.replace(/^\//, "");
  if (State.Status === "exited" || State.Status === "dead")
    return failed(`container ${name} exited (${State.ExitCode})`);
  if (!hasHealthcheck(Config.Healthcheck) && condition === "running_or_healthy")
    return State.Status === "running" && at.nowMs - Date.parse(State.StartedAt) >= SETTLED_MS
      ? HEALTHY
      : OPEN;
  switch (State.Health?.Status) {
    case "healthy":
      return HEALTHY;
    case "unhealthy":
      return failed(`container ${name} is unhealthy`);
    case "starting":
      return OPEN;
    default:
      if (State.Status === "created" || State.Status === "restarting") return OPEN;
      return failed(`container ${name} has no healthcheck configured`);
  }
}

function judgeEnd({ State }: Inspect, service: string): Verdict {
  if (State.Status !== "exited") return OPEN;
  return State.ExitCode === 0
    ? { is: "met", word: "Exited" }
    : failed(`service "${service}" didn't complete successfully: exit ${State.ExitCode}`);
}

function failed(reason: string): Verdict {
  return { is: "failed", reason };
}

function hasHealthcheck(check: Inspect["Config"]["Healthcheck"]): boolean {
  return check?.Test !== undefined && check.Test.length > 0 && check.Test[0] !== "NONE";
}
