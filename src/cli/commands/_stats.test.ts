import { expect, test } from "bun:test";
import { formatRows } from "../format/rows.ts";
import { statsListing, statsRow, unknownStats } from "./_stats.ts";

const sample = {
  name: "/web",
  id: "0123456789abcdef",
  cpu_stats: { cpu_usage: { total_usage: 300 }, system_cpu_usage: 2000, online_cpus: 2 },
  precpu_stats: { cpu_usage: { total_usage: 200 }, system_cpu_usage: 1000 },
  memory_stats: { usage: 3 << 20, limit: 8 << 20, stats: { inactive_file: 1 << 20 } },
  networks: { eth0: { rx_bytes: 1000, tx_bytes: 5 }, eth1: { rx_bytes: 234, tx_bytes: 0 } },
  blkio_stats: {
    io_service_bytes_recursive: [
      { op: "Read", value: 10 },
      { op: "write", value: 20 },
    ],
  },
  pids_stats: { current: 4 },
};

test("statsRow() counts processor time against the machine's and leaves reclaimable memory out", () => {
  expect(statsRow("web", sample)).toMatchObject({
    name: "web",
    cpuPercent: 20,
    memoryBytes: 2 << 20,
    receivedBytes: 1234,
    sentBytes: 5,
    readBytes: 10,
    writtenBytes: 20,
    pids: 4,
  });
});

test("statsListing() shows a row as Docker does, and dashes before the first sample", async () => {
  const format =
    "{{.ID}} {{.Name}} {{.CPUPerc}} {{.MemUsage}} {{.MemPerc}} {{.NetIO}} {{.BlockIO}} {{.PIDs}}";
  const rows = [statsRow("web", sample), unknownStats("new")];
  expect(await formatRows(rows, statsListing(false), { format })).toBe(
    "0123456789ab web 20.00% 2MiB / 8MiB 25.00% 1.23kB / 5B 10B / 20B 4\n -- -- -- / -- -- -- -- --\n",
  );
});
