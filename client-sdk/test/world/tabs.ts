import { createNodeCrypto } from "@treehouse/mls/crypto/node";

import { openClient } from "../../src/client/index.ts";
import { nodeCipher } from "../../src/environment/node-cipher.ts";
import { createNodeEnv } from "../../src/environment/node.ts";
import type { Client, ClientOptions } from "../../src/node.ts";
import { openNodeStore } from "../../src/storage-sqlite/index.ts";
import { createHost, createPlace, openInTab } from "../../src/tabs/index.ts";
import { cheap } from "./open-client.ts";

/**
 * Tabs as a browser has them, with what Node has of one: channels that clone, and locks. Who leads
 * runs the client in this thread, over a store of Node's.
 */
export function openTestTab(options: ClientOptions, storePath: string): Promise<Client> {
  const place = createPlace(options.store);
  const { env } = createNodeEnv();
  const lead = async () => {
    const host = createHost({
      place,
      random: env.random,
      open(wanted, { hears, closed }) {
        const { env: own, close } = createNodeEnv();
        const platform = {
          env: own,
          crypto: createNodeCrypto({ random: own.random }),
          ...cheap,
          assetCipher: nodeCipher,
          openStore: () => openNodeStore(storePath, undefined, own.random),
          hears,
          async close() {
            await close();
            closed();
          },
        };
        return openClient(platform, wanted);
      },
    });
    return { close: () => host.close(), failed: new Promise<never>(() => undefined) };
  };
  return openInTab({ place, random: env.random, soon: env.soon, lead }, options);
}
