/** The only binary: the daemon, a helper of the daemon, or the command line, by its first argument. Each loads alone. */
async function main(argv: readonly string[]): Promise<number> {
  switch (argv[0]) {
    case "daemon": {
      const { runDaemon } = await import("./daemon/daemon.ts");
      return runDaemon(argv.slice(1));
    }
    case "unpack-layer": {
      const { runUnpackHelper } = await import("./storage/layer/helper.ts");
      return runUnpackHelper(argv.slice(1));
    }
    case "container-files": {
      const { runFileHelper } = await import("./storage/files/helper.ts");
      return runFileHelper(argv.slice(1));
    }
    case "name-server": {
      const { runNameServer } = await import("./network/dns/process.ts");
      return runNameServer(argv.slice(1));
    }
    case "ship-logs": {
      const { runShipHelper } = await import("./containers/logs/forward/helper.ts");
      const { openUnixDatagram } = await import("./kernel/files/datagram.ts");
      const { makeFifo } = await import("./kernel/files/fifo.ts");
      return runShipHelper({ openDatagram: openUnixDatagram, makeFifo, pid: process.ppid });
    }
    default: {
      const { runCli } = await import("./cli/cli.ts");
      const { createCliHost } = await import("./cli/host.ts");
      const startEngine = async () => (await import("./daemon/detached.ts")).startDetached();
      return runCli(argv, createCliHost(startEngine));
    }
  }
}

export {}; // a module: its `await` below is the program

process.exit(await main(process.argv.slice(2)));
