import { expect, test } from "bun:test";
import { serviceHash } from "../model/hash.ts";
import { project } from "./_testing/projects.ts";
import { grantApi } from "./api-socket.ts";

const ACCESS = { socket: "/var/run/docker.sock", config: "{}" };

test("grantApi() gives those that ask for it the socket and a configuration, and changes no others", () => {
  const before = project({ asks: { use_api_socket: true }, other: {} });
  const { services, configs } = grantApi(before, ACCESS);
  expect(services.other).toBe(before.services.other!);
  expect(services.asks).toMatchObject({
    environment: { DOCKER_CONFIG: "/run/secrets/docker" },
    volumes: [{ type: "bind", source: "/var/run/docker.sock", target: "/var/run/docker.sock" }],
    configs: [{ source: "#apisocket", target: "/run/secrets/docker/config.json" }],
  });
  expect(configs["#apisocket"]).toMatchObject({ content: "{}" });
});

test("grantApi() leaves a configuration alone that the service names itself", () => {
  const { services } = grantApi(
    project({ asks: { use_api_socket: true, environment: { DOCKER_CONFIG: "/own" } } }),
    ACCESS,
  );
  expect(services.asks).toMatchObject({ environment: { DOCKER_CONFIG: "/own" }, configs: [] });
});

test("a service with the API is the same to docker compose", () => {
  const service = {
    image: "busybox",
    command: ["sleep", "100"],
    stop_grace_period: 1e9,
    networks: { default: null },
    use_api_socket: true,
  };
  const granted = grantApi(project({ s: service as never }), ACCESS).services.s!;
  // the label that docker compose 5.6 gave the same service
  expect(serviceHash(granted)).toBe("7e474333a9fba0cd0845bedda2cbddf66bd791d6a0055efe9044a49b90bccb2c");
});
