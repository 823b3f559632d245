/** One container's whole life, and what can be asked of it on the way. In order: each step stands on those before. */
import type { Request } from "./refusals.ts";

export interface Step {
  readonly request: Request;
  /** Keeps the answer's `Id` under this name: `$name` in later paths. */
  readonly keep?: string;
  /** The answer is bytes or ends a connection: only its status counts. */
  readonly statusOnly?: true;
  /** Asked again until it has come true: facts that become true a moment later. */
  readonly until?: (body: unknown) => boolean;
}

interface Body {
  readonly State?: { readonly Status: string };
  readonly ExitCode?: number;
  readonly Processes?: readonly (readonly string[])[];
}
const state = (wanted: string) => (body: unknown) => (body as Body).State?.Status === wanted;

const ask = (method: string, path: string, body?: unknown): Step => ({ request: [method, path, body] });
const get = (path: string): Step => ask("GET", path);
const post = (path: string, body?: unknown): Step => ask("POST", path, body);
const status = (step: Step): Step => ({ ...step, statusOnly: true });

const LIVE = "/containers/live";

/** Its last process is there: nothing it began is unfinished. */
const UP: Step = {
  ...get(`${LIVE}/top`),
  until: (body) => (body as Body).Processes?.at(1)?.at(-1) === "sleep 1000",
};

export const LIFE: readonly Step[] = [
  post("/containers/create?name=live", {
    Image: "busybox",
    Cmd: ["sh", "-c", "trap 'exit 7' TERM; echo started; touch /new; rm /etc/group; sleep 1000 & wait"],
    Labels: { color: "red" },
    Env: ["A=b"],
    ExposedPorts: { "80/tcp": {} },
    HostConfig: {
      Memory: 64 << 20,
      PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "8431" }] },
      Binds: ["/tmp:/x:ro"],
    },
  }),
  get("/containers/json?all=1&filters=%7B%22name%22%3A%5B%22live%22%5D%7D"),
  post(`${LIVE}/start`),
  UP,
  { ...get(`${LIVE}/logs?stdout=1`), statusOnly: true },
  get(`${LIVE}/changes`),
  get(`${LIVE}/json`),
  get(`${LIVE}/json?size=1`),
  get("/containers/json?filters=%7B%22name%22%3A%5B%22live%22%5D%7D"),
  get("/containers/json?size=1&filters=%7B%22name%22%3A%5B%22live%22%5D%7D"),
  get(`${LIVE}/top?ps_args=-o%20pid,comm`),
  get(`${LIVE}/top?ps_args=aux`),
  get(`${LIVE}/stats?stream=0`),
  get(`${LIVE}/stats?stream=0&one-shot=1`),
  { ...post(`${LIVE}/exec`, { Cmd: ["sh", "-c", "exit 3"], AttachStdout: true }), keep: "exec" },
  get("/exec/$exec/json"),
  status(post("/exec/$exec/start", { Detach: true })),
  { ...get("/exec/$exec/json"), until: (body) => (body as Body).ExitCode === 3 },
  post("/exec/$exec/start", { Detach: true }),
  {
    ...post(`${LIVE}/exec`, {
      Cmd: ["id"],
      User: "1:2",
      Privileged: true,
      Tty: true,
      AttachStdin: true,
      AttachStderr: true,
      WorkingDir: "/tmp",
      Env: ["B=c"],
      DetachKeys: "ctrl-x",
    }),
    keep: "full",
  },
  get("/exec/$full/json"),
  { ...post(`${LIVE}/exec`, { Cmd: ["/nosuch"] }), keep: "missing" },
  post("/exec/$missing/start", { Detach: true }),
  post(`${LIVE}/update`, { PidsLimit: 100, RestartPolicy: { Name: "on-failure", MaximumRetryCount: 1 } }),
  post(`${LIVE}/update`, { RestartPolicy: { Name: "no" } }),
  post(`${LIVE}/pause`),
  get(`${LIVE}/json`),
  get("/containers/json?filters=%7B%22name%22%3A%5B%22live%22%5D%7D"),
  post(`${LIVE}/unpause`),
  post(`${LIVE}/rename?name=other`),
  post("/containers/other/rename?name=live"),
  status(ask("HEAD", `${LIVE}/archive?path=/etc`)),
  status(get(`${LIVE}/archive?path=/etc/passwd`)),
  status(get(`${LIVE}/export`)),
  post(`${LIVE}/resize?h=10&w=20`),
  post("/commit?container=live&repo=answers-made&comment=c&author=a", { Cmd: ["top"] }),
  get("/images/answers-made/json"),
  post(`${LIVE}/kill?signal=WINCH`),
  post(`${LIVE}/restart?t=5`),
  UP,
  { ...get(`${LIVE}/json`), until: state("running") },
  post(`${LIVE}/stop?t=5`),
  post(`${LIVE}/wait`),
  get(`${LIVE}/json`),
  get("/containers/json?all=1&size=1&filters=%7B%22name%22%3A%5B%22live%22%5D%7D"),
  get(`${LIVE}/stats?stream=0`),
  get(`${LIVE}/top`),
  post(`${LIVE}/start`),
  UP,
  post(`${LIVE}/kill`),
  post(`${LIVE}/wait`),
  { ...get(`${LIVE}/json`), until: state("exited") },
  ask("DELETE", LIVE),
  ask("DELETE", "/images/answers-made"),
];
