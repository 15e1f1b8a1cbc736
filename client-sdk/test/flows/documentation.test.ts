/** Every example of `docs/sdk` runs as it stands there. */
import { globSync, openAsBlob, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";

import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

import { gif, tgs } from "../../../packages/testkit/src/stickers/index.ts";
import {
  type Client,
  type Conversation,
  defineContent,
  type MessagesOptions,
  type NodeOptions,
} from "../../src/node.ts";
import { befriend } from "../world/friends.ts";
import { password } from "../world/server.ts";
import { type FederatedServers, startServers } from "../world/servers.ts";
import { joinedBy, reads } from "../world/waiting.ts";

type Example = { readonly page: string; readonly line: number; readonly code: string };

// What a browser needs runs in one (`client-sdk/test/browser`).
const pages = globSync("docs/sdk/*.md").filter((page) => !page.endsWith("browser.md"));
const examples: readonly Example[] = pages.flatMap((page) => {
  const text = readFileSync(page, "utf8");
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(({ 1: code = "", index }) => ({
    page,
    line: text.slice(0, index).split("\n").length,
    code,
  }));
});

let servers: FederatedServers;
let alice: Client;
let bob: Client;
let them: Client;
let conversation: Conversation;
let other: Conversation;
let messageId = "";
let film = "";

beforeAll(async () => {
  servers = await startServers("localhost", "other.example");
  alice = await servers.at(0).register("alice");
  bob = await servers.at(0).register("bob");
  them = await servers.at(1).register("bob");
  await befriend(alice, them);
  conversation = await alice.conversations.create({ name: "Cakes", members: ["bob@localhost"] });
  other = await alice.conversations.create({ name: "Biscuits" });
  await other.organise({ pinned: true });
  const parrot = { file: "parrot.gif", bytes: gif(), emojis: ["🦜"], name: "party_parrot" };
  await alice.stickers.create([parrot], { title: "Birds", kind: "emoji" });
  film = servers.at(0).path("film");
  writeFileSync(film, new Uint8Array(100_000));
  const his = await joinedBy(bob, conversation.id);
  ({ id: messageId } = await his.send("a chocolate cake"));
  await reads(alice, conversation.id, "a chocolate cake");
});
afterAll(() => servers[Symbol.asyncDispose]());

/** Of one example: what it left running is waited for, and ended. */
class Left {
  readonly further: Promise<Client>[] = [];
  readonly #stops: (() => void)[] = [];
  readonly #listening: unknown[] = [];

  /** The client with loops over messages that have an end, and listeners that do. */
  tame(client: Client): Client {
    return {
      ...client,
      messages: (options?: MessagesOptions) => client.messages({ ...options, drain: true }),
      on: (name, listener) => {
        const stop = client.on(name, (value) => {
          this.#listening.push(Reflect.apply(listener, undefined, [value]));
        });
        this.#stops.push(stop);
        return stop;
      },
    };
  }

  async end(): Promise<void> {
    for (const stop of this.#stops) stop();
    await Promise.all([...this.further, ...this.#listening]);
  }
}

/**
 * What examples find around them. Whoever opens Alice's store has the client that has it open; a
 * further client of hers gets a store of its own, and shows its code to whoever types it.
 */
function scene(left: Left, printed: unknown[][]) {
  const print = (...said: unknown[]) => void printed.push(said);
  const typed = Promise.withResolvers<string>();
  const open = async (options: NodeOptions): Promise<Client> => {
    if (options.approval === undefined) return left.tame(alice);
    const show = ({ text }: { readonly text: string }) => typed.resolve(text);
    const { kind } = options.approval;
    left.further.push(servers.at(0).open("alice", { ...options, store, approval: { kind, show } }));
    // It goes on by itself while the example turns to the other client.
    return typed.promise.then(() => alice);
  };
  const Client = { open };
  const modules: Record<string, object> = {
    "@treehouse/client-sdk": { Client, defineContent },
    zod: { z },
    "node:fs": { openAsBlob: () => openAsBlob(film) },
  };
  const store = servers.at(0).path("further");
  return {
    load: (name: string) => modules[name],
    Client,
    me: left.tame(alice),
    client: left.tame(alice),
    them,
    conversation,
    other,
    messageId,
    message: { id: messageId },
    bytes: tgs(),
    tomorrow: Date.now() + 86_400_000,
    password,
    typed: typed.promise,
    play: () => undefined,
    console: { log: print, error: print },
  };
}

/** As a module would run it. */
function runnable(code: string): string {
  const imported = /^import (\{[^}]*\}) from ("[^"]+");$/gm;
  const plain = stripTypeScriptTypes(code.replaceAll(imported, "const $1 = await load($2);"));
  return `return (async () => {${plain.replaceAll(/\btyped\b/g, "(await typed)")}})();`;
}

test.for(examples)("the example at $page:$line runs", async ({ code }) => {
  const printed: unknown[][] = [];
  const left = new Left();
  const values = scene(left, printed);
  const AsyncFunction = Object.getPrototypeOf(async () => undefined).constructor;
  const run = new AsyncFunction(...Object.keys(values), runnable(code));
  await run(...Object.values(values));
  await left.end();
  // What it prints is there.
  for (const [first] of printed) expect(first).toBeDefined();
});

test("there are examples, on several pages", () => {
  expect(examples.length).toBeGreaterThan(6);
  expect(new Set(examples.map(({ page }) => page)).size).toBeGreaterThan(2);
});
