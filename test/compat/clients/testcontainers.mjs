// Testcontainers for Node as a test suite uses it. Its reaper is an image from the internet and is left out.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.CLIENTS}/`);
const { GenericContainer, Network, Wait } = require("testcontainers");

const server = "mkdir -p /www; echo hello >/www/index.html; echo ready to serve; exec httpd -f -h /www";

const web = await new GenericContainer("busybox")
  .withCommand(["sh", "-c", server])
  .withExposedPorts(80)
  .withEnvironment({ WHO: "me" })
  .withCopyContentToContainer([{ content: "copied in", target: "/etc/note" }])
  .withWaitStrategy(Wait.forLogMessage("ready to serve"))
  .start();
const answer = await fetch(`http://${web.getHost()}:${web.getMappedPort(80)}/`);
assert.equal(await answer.text(), "hello\n");
assert.deepEqual(
  await web.exec(["sh", "-c", "echo $WHO; cat /etc/note"]).then((r) => [r.exitCode, r.output]),
  [0, "me\ncopied in"],
);
await web.restart();
await web.stop();

const byPort = await new GenericContainer("busybox")
  .withCommand(["sh", "-c", `sleep 0.3; ${server}`])
  .withExposedPorts(80)
  .withWaitStrategy(Wait.forListeningPorts())
  .start();
await byPort.stop();

const byHealth = await new GenericContainer("busybox")
  .withCommand(["sleep", "1000"])
  .withHealthCheck({ test: ["CMD", "true"], interval: 200, timeout: 2000, retries: 3 })
  .withWaitStrategy(Wait.forHealthCheck())
  .start();
await byHealth.stop();

const network = await new Network().start();
const named = await new GenericContainer("busybox")
  .withCommand(["sh", "-c", server])
  .withNetwork(network)
  .withNetworkAliases("api")
  .withWaitStrategy(Wait.forLogMessage("ready"))
  .start();
const asker = await new GenericContainer("busybox")
  .withCommand(["sleep", "1000"])
  .withNetwork(network)
  .start();
const found = await asker.exec(["nslookup", "api"]);
assert.ok(found.output.includes(named.getIpAddress(network.getName())), found.output);
await asker.stop();
await named.stop();
await network.stop();
console.log("done");
process.exit(0);
