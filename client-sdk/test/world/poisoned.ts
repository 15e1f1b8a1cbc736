import { createNodeCrypto } from "@treehouse/mls/crypto/node";

import { type Client, openClient } from "../../src/client/index.ts";
import { createNodeEnv } from "../../src/environment/node.ts";
import { openNodeStore } from "../../src/storage-sqlite/index.ts";
import { cheap } from "./open-client.ts";
import type { RunningServer } from "./server.ts";

/**
 * What is garbage in the commits of a modified client, and no server can see. `deaf`: it says of every
 * commit that it cannot apply it.
 */
export type Poison = "pathSecrets" | "confirmationTag" | "externalPub" | "deaf";

/** A client whose commits nobody can apply while it has a poison. */
export interface Poisoned {
  readonly client: Client;
  poison: Poison | undefined;
}

/** Opens a client of which everything is honest but its cryptography. */
export async function openPoisoned(
  server: RunningServer,
  name: string,
  address = `${name}@${server.domain}`,
): Promise<Poisoned> {
  const { env, close } = createNodeEnv();
  const honest = createNodeCrypto({ random: env.random });
  const state: { poison: Poison | undefined; tagged: boolean } = {
    poison: undefined,
    tagged: false,
  };
  const crypto: typeof honest = {
    ...honest,
    hpkeSeal(publicKey, info, aad, plaintext) {
      const sealed = honest.hpkeSeal(publicKey, info, aad, plaintext);
      if (state.poison !== "pathSecrets") return sealed;
      return { ...sealed, ciphertext: honest.random(sealed.ciphertext.length) };
    },
    hmac(key, data) {
      state.tagged = true;
      const tag = honest.hmac(key, data);
      return state.poison === "confirmationTag" ? honest.random(tag.length) : tag;
    },
    verifyHmac: (key, tag, data) => state.poison !== "deaf" && honest.verifyHmac(key, tag, data),
    // The GroupInfo is made after the commit has its tags; one commit is made with this poison.
    hpkeDeriveKeyPair(ikm) {
      const garbage = state.poison === "externalPub" && state.tagged;
      return honest.hpkeDeriveKeyPair(garbage ? honest.random(ikm.length) : ikm);
    },
  };
  const client = await openClient(
    {
      env,
      crypto,
      ...cheap,
      openStore: (path) => openNodeStore(path, undefined, env.random),
      close,
    },
    { account: address, server: server.url, store: server.path(name) },
  );
  server.clients.push(client);
  return {
    client,
    get poison() {
      return state.poison;
    },
    set poison(poison) {
      state.poison = poison;
      state.tagged = false;
    },
  };
}
