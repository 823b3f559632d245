// Testcontainers for Node with its reaper, in a test run that is killed in the middle: nothing is stopped here.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";
import { connect } from "node:net";

const require = createRequire(`${process.env.CLIENTS}/`);
const { GenericContainer, Network, Wait } = require("testcontainers");

const network = await new Network().start();
const redis = await new GenericContainer("debian-redis:7")
  .withExposedPorts(6379)
  .withNetwork(network)
  .withNetworkAliases("redis")
  .withWaitStrategy(Wait.forLogMessage("Ready to accept connections"))
  .start();

const socket = connect(redis.getMappedPort(6379), redis.getHost());
async function ask(words, answer) {
  socket.write(`${words}\r\n`);
  const [bytes] = await once(socket, "data");
  assert.equal(bytes.toString(), `${answer}\r\n`);
}
await ask("PING", "+PONG");
await ask("SET key value", "+OK");
await ask("APPEND key 2", ":6");

const inside = await new GenericContainer("debian-redis:7")
  .withNetwork(network)
  .withCommand(["--replicaof", "redis", "6379"])
  .withWaitStrategy(Wait.forLogMessage("MASTER <-> REPLICA sync: Finished with success"))
  .start();
assert.ok(inside.getId());
console.log("done");
process.kill(process.pid, "SIGKILL");
