import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Client } from "../../../client-sdk/src/node.ts";
import { until } from "../../../client-sdk/test/world/waiting.ts";
import { keyDigits, loseAndRestore } from "../federation-e2e/backups.ts";
import { gather, keptBy } from "../federation-e2e/people.ts";
import type { ServerProcess } from "../federation-e2e/server.ts";
import { startFederatedWorld } from "../federation-e2e/world.ts";
import type { FederatedWorld } from "../federation-e2e/world.ts";
import { runProgram } from "../program/run.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
const [rounds, seeds] = full ? [6, [1, 2, 3]] : [1, [1]];

let world: FederatedWorld | undefined;

afterEach(async () => {
  await world?.[Symbol.asyncDispose]();
});

/** People who talk without a pause until they are told to stop. */
class Talk {
  readonly accepted = new Set<string>();
  readonly #waiting: { readonly count: number; readonly go: () => void }[] = [];
  readonly #all: Promise<unknown>;
  readonly #over = new AbortController();

  constructor(people: readonly Client[], id: string) {
    this.#all = Promise.all(people.map((client) => this.#speak(client, id)));
  }

  /** Resolves once so many more messages were accepted. */
  more(count: number): Promise<void> {
    return new Promise((go) => this.#waiting.push({ count: this.accepted.size + count, go }));
  }

  async end(): Promise<void> {
    this.#over.abort();
    await this.#all;
  }

  async #speak(client: Client, id: string): Promise<void> {
    const room = await client.conversations.get(id);
    for (let turn = 0; !this.#over.signal.aborted; turn += 1) {
      const text = `${client.me.address} ${turn}`;
      await room.send(text);
      this.accepted.add(text);
      for (const { count, go } of this.#waiting) if (this.accepted.size >= count) go();
    }
  }
}

/** Everything that a client hands to its program, from here on. */
function listen(client: Client) {
  const texts: string[] = [];
  let wake = (): void => {};
  const run = async (): Promise<void> => {
    for await (const { text } of client.messages()) {
      texts.push(text);
      wake();
    }
  };
  const ended = run();
  return {
    texts,
    ended,
    async all(count: number): Promise<void> {
      while (texts.length < count) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}

/** As an operator makes it, beside the server: only so can the server be seen to go on meanwhile. */
async function backUp({ data, domain }: ServerProcess, name: string): Promise<string> {
  const folder = dirname(data);
  const [to, key] = [join(folder, name), join(folder, "key")];
  writeFileSync(key, keyDigits);
  const args = ["backup", to, "--data", data, "--key-file", key];
  const variables = { TREEHOUSE__SERVER__DOMAIN: domain };
  const { code, stderr } = await runProgram(args, { variables });
  if (code !== 0) throw new Error(stderr);
  return to;
}

test.each(seeds)(
  "X-01 R-163 R-057 seed %i: a server under load loses its disk at any moment: nothing lost, nothing twice",
  { timeout: full ? 1_200_000 : 240_000 },
  async (seed) => {
    world = await startFederatedWorld({ names: ["alpha"], seed });
    const server = world.server("alpha");
    const people: Client[] = [];
    for (const name of ["alice", "bob", "carol"]) {
      people.push(await world.register(`${name}@alpha.example`));
    }
    const id = await gather(people, "load");
    const handed = people.map((client) => listen(client));
    const talk = new Talk(people, id);
    for (let round = 0; round < rounds; round += 1) {
      await talk.more(7 + ((seed * 31 + round * 17) % 23));
      const before = talk.accepted.size;
      const backup = await backUp(server, `backup-${round}`);
      // The server went on while it was copied.
      expect(talk.accepted.size).toBeGreaterThan(before);
      await talk.more(5 + ((seed * 13 + round * 29) % 19));
      await loseAndRestore(server, backup);
      expect(server.log()).toContain('"msg":"dataRestored"');
    }
    await talk.more(10);
    await talk.end();
    const all = [...talk.accepted].toSorted();
    expect(all.length).toBeGreaterThan(20);
    for (const [index, client] of people.entries()) {
      await until(client, async () => {
        const texts = new Set((await keptBy(client, id)).map(({ text }) => text));
        return all.every((text) => texts.has(text));
      });
      const texts = (await keptBy(client, id)).map(({ text }) => text);
      expect(texts.toSorted()).toEqual(all);
      // What was handed to the program was handed to it once.
      const others = all.filter((text) => !text.startsWith(client.me.address));
      const heard = handed[index];
      await heard?.all(others.length);
      expect(heard?.texts.toSorted()).toEqual(others);
    }
  },
);
