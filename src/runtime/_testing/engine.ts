/** A process that starts one container, says so and waits to be killed: the daemon of `recovery.test.ts`. */
import { type ContainerRequest, createLab, startRequest } from "./container.ts";

const lab = await createLab();
const request = JSON.parse(process.argv[2]!) as ContainerRequest;
const { start } = startRequest(lab, request);
const { pid } = await lab.runtime.start(start);
console.log(JSON.stringify({ pid, start: { ...start, attach: [] } }));
await new Promise(() => setInterval(() => {}, 1_000_000));
