import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import { toHex } from "@treehouse/protocol";

import { type Client, type ClientOptions, openClient } from "../../src/client/index.ts";
import { createNodeEnv } from "../../src/environment/node.ts";
import { openNodeStore } from "../../src/storage-sqlite/index.ts";
import { cheap } from "./open-client.ts";
import type { RunningServer } from "./server.ts";

/** What was sealed with which key, by all clients that are opened with it. */
export class Seals {
  readonly #sealed = new Map<string, Set<string>>();

  /** Of a nonce, the first four octets are drawn for each message (RFC 9420 §6.3.1). */
  note(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array): void {
    const at = toHex(key) + toHex(nonce.subarray(4));
    const known = this.#sealed.get(at) ?? new Set<string>();
    this.#sealed.set(at, known.add(toHex(plaintext)));
  }

  /** How many keys there were. */
  get keys(): number {
    return this.#sealed.size;
  }

  /** Each generation of a ratchet has one key, for one message (RFC 9420 §9). */
  get reused(): readonly string[] {
    return [...this.#sealed].filter(([, texts]) => texts.size > 1).map(([key]) => key);
  }
}

/** Notes every key that something is encrypted with. */
export function watchedCrypto<C extends ReturnType<typeof createNodeCrypto>>(
  honest: C,
  seals: Seals,
): C {
  return {
    ...honest,
    aeadSeal(key, nonce, aad, plaintext) {
      seals.note(key, nonce, plaintext);
      return honest.aeadSeal(key, nonce, aad, plaintext);
    },
  };
}

/** A client of which every key is noted that it encrypts a message with. */
export async function openWatched(
  server: RunningServer,
  name: string,
  seals: Seals,
  options: Partial<ClientOptions> = {},
): Promise<Client> {
  const { env, close } = createNodeEnv();
  const crypto = watchedCrypto(createNodeCrypto({ random: env.random }), seals);
  const client = await openClient(
    {
      env,
      crypto,
      ...cheap,
      openStore: (path) => openNodeStore(path, undefined, env.random),
      close,
    },
    {
      account: `${name}@${server.domain}`,
      server: server.url,
      store: server.path(name),
      ...options,
    },
  );
  server.clients.push(client);
  return client;
}
