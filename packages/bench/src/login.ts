import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Client } from "@treehouse/client-sdk";

import { cpuMicroseconds, proportionalMemory } from "./process-stat.ts";
import { latencies, type Measurement } from "./report.ts";
import { startServer } from "./world/server-process.ts";

const password = "a password for measuring";
/** Registrations and logins from one address within ten minutes are bounded, and not switched off. */
const accountsMax = 25;
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/**
 * A new device of an account, one after another: OPAQUE with its hard password hash, the certificate
 * of the device, its client list and KeyPackages, until it is caught up. Then `sdk`: the same store
 * opened again, offline and until it is caught up.
 */
export async function benchLogin(
  options: { readonly repeats: number },
  report: (measurement: Measurement) => void,
): Promise<void> {
  const accounts = Math.min(options.repeats, accountsMax);
  const directory = mkdtempSync(join(tmpdir(), "treehouse-bench-"));
  const server = await startServer("world");
  const storeOf = (index: number, device: string) => join(directory, `${index}-${device}.sqlite`);
  const accountOf = (index: number) => `p${index}@localhost`;
  try {
    for (let index = 0; index < accounts; index += 1) {
      const client = await Client.open({
        account: accountOf(index),
        password,
        register: {},
        server: server.url(),
        store: storeOf(index, "first"),
      });
      await client.close();
    }
    const measure = async (name: string, open: (index: number) => Promise<void>) => {
      const samples: number[] = [];
      const before = { server: cpuMicroseconds(server.pid()), own: cpuMicroseconds(process.pid) };
      for (let index = 0; index < accounts; index += 1) {
        const from = performance.now();
        await open(index);
        samples.push(performance.now() - from);
      }
      const { length } = samples;
      report({
        name,
        parameters: { accounts, atOnce: 1, durability: "FULL", tls: false },
        figures: {
          perSecond: (1000 * length) / sum(samples),
          ...latencies(samples),
          cpuPerOpen: (cpuMicroseconds(server.pid()) - before.server) / length,
          generatorCpuPerOpen: (cpuMicroseconds(process.pid) - before.own) / length,
          memoryBytes: proportionalMemory(server.pid()),
        },
      });
    };
    await measure("login", async (index) => {
      const login = { account: accountOf(index), password, login: true as const };
      const place = { server: server.url(), store: storeOf(index, "second") };
      await using client = await Client.open({ ...login, ...place });
      await client.caughtUp();
    });
    const again = (index: number) => ({
      account: accountOf(index),
      server: server.url(),
      store: storeOf(index, "second"),
    });
    await measure("sdk offline", async (index) => {
      await using client = await Client.open({ ...again(index), offline: true });
      await client.conversations.list();
    });
    await measure("sdk start", async (index) => {
      await using client = await Client.open(again(index));
      await client.caughtUp();
    });
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
