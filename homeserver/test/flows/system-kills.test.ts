import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Client } from "../../../client-sdk/src/node.ts";
import { until } from "../../../client-sdk/test/world/waiting.ts";
import { faultsOf, joined, openClient, textsOf } from "../hostile/people-world.ts";
import { startProgram } from "../program/start.ts";
import type { Program } from "../program/start.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
const [kills, perSender] = full ? [100, 999] : [3, 18];

let directory = "";
let program: Program | undefined;
const clients: Client[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "treehouse-kills-"));
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  program?.signal("SIGKILL");
  await program?.ended;
  rmSync(directory, { recursive: true, force: true });
});

/** Starts the server over the same data, on the port that it first took. */
async function serve(port: string): Promise<string> {
  program = await startProgram(["--data", join(directory, "data"), "--port", port], {
    TREEHOUSE__SERVER__DOMAIN: "example.org",
    TREEHOUSE__REGISTRATION__MODE: "open",
    TREEHOUSE__LIMITS__REGISTRATIONS_PER_ADDRESS: "10000",
    TREEHOUSE__LIMITS__KEY_PACKAGE_UPLOADS: "10000",
    TREEHOUSE__LIMITS__CLAIMS_PER_PAIR: "10000",
  });
  if (program.url === undefined) throw new Error(program.stderr());
  return program.url;
}

async function killAndServe(port: string): Promise<void> {
  program?.signal("SIGKILL");
  expect(await program?.ended).toBe("SIGKILL");
  await serve(port);
}

test(
  "R-008 SIGKILL while three send: what was accepted comes once, in one order, to all",
  { timeout: full ? 600_000 : 120_000 },
  async () => {
    const url = await serve("0");
    const { port } = new URL(url);
    for (const name of ["alice", "bob", "carol"]) {
      clients.push(await openClient(url, directory, name, true));
    }
    const [alice, ...others] = clients;
    if (alice === undefined) throw new Error("nobody");
    const members = others.map(({ me }) => me.address);
    const { id } = await alice.conversations.create({ name: "kills", members });
    for (const other of others) await joined(other, id);

    const total = perSender * clients.length;
    const accepted = new Map<number, string>();
    // At the same counts in each run; what is in flight then differs.
    const due = Array.from({ length: kills }, (_, index) =>
      Math.floor(((index + 0.7) * total) / (kills + 1)),
    );
    let killing: Promise<void> = Promise.resolve();
    let killed = 0;
    const send = async (client: Client): Promise<void> => {
      const conversation = await client.conversations.get(id);
      for (let count = 0; count < perSender; count += 3) {
        // Three at once, so that some are in flight at any moment.
        const texts = [0, 1, 2].map((more) => `${client.me.address} ${count + more}`);
        const sent = texts.map(async (text) => {
          const { position } = await conversation.send(text);
          accepted.set(position, text);
          if (accepted.size < (due[killed] ?? Number.POSITIVE_INFINITY)) return;
          killed += 1;
          killing = killing.then(() => killAndServe(port));
        });
        await Promise.all(sent);
      }
    };
    await Promise.all(clients.map(send));
    await killing;
    expect(killed).toBe(kills);
    expect(accepted.size).toBe(total);

    const inOrder = [...accepted].toSorted(([a], [b]) => a - b).map(([, text]) => text);
    expect(new Set(inOrder).size).toBe(total);
    for (const client of clients) {
      await client.caughtUp();
      await until(client, async () => (await textsOf(client, id)).length >= total);
      expect(await textsOf(client, id)).toEqual(inOrder);
      expect(await faultsOf(client, id)).toEqual([]);
      const own = inOrder.filter((text) => text.startsWith(client.me.address));
      expect(own).toEqual(
        Array.from({ length: perSender }, (_, count) => `${client.me.address} ${count}`),
      );
    }
  },
);
