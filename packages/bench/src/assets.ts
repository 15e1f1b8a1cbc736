import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createAssets } from "../../../client-sdk/src/assets/index.ts";
import { nodeCipher } from "../../../client-sdk/src/environment/node-cipher.ts";
import { createNodeEnv } from "../../../client-sdk/src/environment/node.ts";
import { openSqlite } from "../../../client-sdk/src/storage-sqlite/index.ts";
import { openLocalStore } from "../../../client-sdk/src/storage/index.ts";
import { createApi } from "../../../client-sdk/src/transport/index.ts";
import { cpuMicroseconds, residentMemory } from "./process-stat.ts";
import { median, type Measurement } from "./report.ts";
import { createPeople, random } from "./world/people.ts";
import { startServer } from "./world/server-process.ts";

const million = 1e6;
/** Octets that are ready: what is measured is the transfer. */
const pattern = random(4 * 1024 * 1024);

/**
 * One file up and down, by the SDK's own code with encryption and verification, to a server in a
 * process of its own: megabytes a second by the clock, and of each side's own time on a core.
 */
export async function benchAssets(
  options: { readonly megabytes: number; readonly rounds: number },
  report: (measurement: Measurement) => void,
): Promise<void> {
  const size = options.megabytes * million;
  const directory = mkdtempSync(join(tmpdir(), "treehouse-bench-"));
  const server = await startServer("world");
  const { env, close } = createNodeEnv();
  const store = await openLocalStore(
    openSqlite(join(directory, "store.sqlite")),
    random(32),
    random,
  );
  try {
    const [person] = await createPeople(server, "person", 1);
    if (person === undefined) throw new Error("nobody is there");
    const asker = { token: () => person.token, prove: () => undefined };
    const api = createApi(env, server.url(), asker);
    const assets = createAssets({ env, api, store, cipher: nodeCipher });
    const source = {
      size,
      read: (offset: number, length: number) => {
        const at = offset % (pattern.length - 300_000);
        return Promise.resolve(pattern.subarray(at, at + length));
      },
    };
    const access = { kind: "own", name: "measured" } as const;
    // Code is compiled, and buffers are there, before anything counts.
    await assets.upload({ ...source, size: 20 * million }, { access });
    const ups: Timed[] = [];
    const downs: Timed[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      const watch = watchTransfer(server.pid(), size);
      const link = await assets.upload(source, { access });
      ups.push(watch());
      const watchDown = watchTransfer(server.pid(), size);
      let octets = 0;
      for await (const piece of assets.open(link).stream()) octets += piece.length;
      if (octets !== size) throw new Error("the file is another one");
      downs.push(watchDown());
    }
    for (const [name, timed] of [
      ["assets up", ups],
      ["assets down", downs],
    ] as const) {
      const of = (figure: keyof Timed): number => median(timed.map((each) => each[figure]));
      report({
        name,
        parameters: { ...options, pinned: server.pinned },
        figures: {
          megabytesPerSecond: of("perSecond"),
          perClientCore: of("perClientCore"),
          perServerCore: of("perServerCore"),
          clientGrowthMegabytes: of("clientGrowth"),
          serverGrowthMegabytes: of("serverGrowth"),
        },
      });
    }
  } finally {
    await store.close();
    await close();
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

type Timed = {
  readonly perSecond: number;
  readonly perClientCore: number;
  readonly perServerCore: number;
  readonly clientGrowth: number;
  readonly serverGrowth: number;
};

/** Answers how to end the watch. Memory is looked at now and then, at its most. */
function watchTransfer(serverPid: number, size: number): () => Timed {
  const from = performance.now();
  const ours = process.cpuUsage();
  const theirs = cpuMicroseconds(serverPid);
  const before = { client: residentMemory(process.pid), server: residentMemory(serverPid) };
  const most = { ...before };
  const look = setInterval(() => {
    most.client = Math.max(most.client, residentMemory(process.pid));
    most.server = Math.max(most.server, residentMemory(serverPid));
  }, 200);
  return () => {
    clearInterval(look);
    const megabytes = size / million;
    const used = process.cpuUsage(ours);
    return {
      perSecond: (megabytes * 1000) / (performance.now() - from),
      perClientCore: megabytes / ((used.user + used.system) / 1e6),
      perServerCore: megabytes / ((cpuMicroseconds(serverPid) - theirs) / 1e6),
      clientGrowth: (most.client - before.client) / million,
      serverGrowth: (most.server - before.server) / million,
    };
  };
}
