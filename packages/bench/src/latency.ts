import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Client } from "@treehouse/client-sdk";
import { createHomeserver, createNodeEnv, defaultConfig } from "@treehouse/homeserver";

import { bareTarget } from "./ceiling/target.ts";
import { latencies, type Measurement, percentile } from "./report.ts";

/**
 * From `send` to the decrypted message in the other client's hands, through a real server with two
 * SDK clients over stores on disk, one message at a time; all in this process.
 */
export async function benchLatency(
  options: { readonly messages: number },
  report: (measurement: Measurement) => void,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "treehouse-bench-"));
  const base = defaultConfig();
  const config = {
    ...base,
    server: { ...base.server, port: 0 },
    storage: { ...base.storage, directory: join(directory, "data") },
    metrics: { ...base.metrics, port: 0 },
    // Everybody here comes from one address, and tests claim as fast as they can.
    limits: {
      registrations_per_address: 10_000,
      key_package_uploads: 10_000,
      claims_per_pair: 10_000,
    },
    registration: { ...base.registration, mode: "open" as const },
  };
  const server = await createHomeserver({ config, env: createNodeEnv({ log: { level: "warn" } }) });
  try {
    const open = (name: string) =>
      Client.open({
        account: `${name}@localhost`,
        password: "a password for measuring",
        register: {},
        server: server.url,
        store: join(directory, `${name}.sqlite`),
      });
    await using alice = await open("alice");
    await using bob = await open("bob");
    await bob.caughtUp();
    const there = await alice.conversations.create({ name: "x", members: ["bob@localhost"] });
    const samples: number[] = [];
    const received = bob.messages()[Symbol.asyncIterator]();
    for (let sent = 0; sent < options.messages; sent += 1) {
      const before = performance.now();
      const sending = there.send(`message ${sent}`);
      await received.next();
      samples.push(performance.now() - before);
      await sending;
    }
    const bare = await bareRoundTrips(options.messages);
    report({
      name: "send to decrypt",
      ratio: percentile(bare, 0.5) / percentile(samples, 0.5),
      parameters: { messages: options.messages, clientsInProcess: 2, clientStores: "disk, FULL" },
      figures: { ...latencies(samples), bareP50: percentile(bare, 0.5) },
    });
  } finally {
    await server[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The same through the bare ceiling, one message at a time: sent, stored, pushed. */
async function bareRoundTrips(messages: number): Promise<readonly number[]> {
  const target = await bareTarget();
  try {
    let arrived: () => void = () => undefined;
    const nothing = { accepted: () => undefined, delivered: () => undefined };
    const sender = await target.connect(0, 0, nothing);
    const receiver = await target.connect(0, 1, { ...nothing, delivered: () => arrived() });
    const samples: number[] = [];
    for (let request = 0; request < messages; request += 1) {
      const before = performance.now();
      const delivered = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      sender.send(0, request, new Uint8Array(1024));
      await delivered;
      samples.push(performance.now() - before);
    }
    sender.close();
    receiver.close();
    return samples;
  } finally {
    await target.stop();
  }
}
