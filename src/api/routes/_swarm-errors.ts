import { Unavailable } from "#base/errors.ts";

/** What Docker answers to cluster requests on a machine that is in no cluster. */
export function notASwarmManager(): never {
  throw new Unavailable(
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm ' +
      "and try again.",
  );
}

export function noClusterVolumes(): never {
  throw new Unavailable("volume update only valid for cluster volumes, but swarm is unavailable");
}

export function notInASwarm(): never {
  throw new Unavailable("This node is not part of a swarm");
}
