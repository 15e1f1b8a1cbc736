import { createNodeCrypto } from "@treehouse/mls/crypto/node";

import { openClient } from "../../src/client/index.ts";
import { nodeCipher } from "../../src/environment/node-cipher.ts";
import { createNodeEnv } from "../../src/environment/node.ts";
import type { Client, NodeOptions } from "../../src/node.ts";
import { createSharpPictures } from "../../src/pictures-sharp/index.ts";
import { openNodeStore } from "../../src/storage-sqlite/index.ts";

/**
 * What is dear by intent, at next to nothing: where no test looks at what guesses cost, or is away
 * while many add them, hundreds of accounts need not pay for it. The CLI's tests and all programs use
 * what the SDK recommends.
 */
export const cheap = {
  keyStretching: { "argon2id-custom": { memory: 8, iterations: 1, parallelism: 1 } },
  keyPackageStock: { low: 4, full: 10 },
} as const;

/** `Client.open`, but for the cost of passwords; `from` is the network address that it seems to have. */
export function openTestClient(options: NodeOptions, from?: string): Promise<Client> {
  const { env: own, close } = createNodeEnv();
  const forwarded = from === undefined ? {} : { "x-forwarded-for": from };
  const env: typeof own = {
    ...own,
    fetch: (request) => own.fetch({ ...request, headers: { ...request.headers, ...forwarded } }),
  };
  return openClient(
    {
      env,
      crypto: createNodeCrypto({ random: env.random }),
      ...cheap,
      assetCipher: nodeCipher,
      pictures: createSharpPictures,
      openStore: (store) => openNodeStore(store, options.storeKey, env.random),
      close,
    },
    options,
  );
}
