/** The worker of a tab: it serves all tabs with the same store for as long as this one leads. */
import "./environment/no-eval.ts";

import { createNobleCrypto } from "@treehouse/mls/crypto/noble";

import { openClient } from "./client/index.ts";
import { createBrowserEnv } from "./environment/browser.ts";
import { openBrowserStore } from "./storage-wasm/index.ts";
import { createHost, createPlace, type Host } from "./tabs/index.ts";
import type { FromWorker, ToWorker } from "./worker-messages.ts";

/** How long the worker of a tab that was closed may take to let go of the store. */
const patienceMs = 5_000;

let host: Host | undefined;

addEventListener("message", ({ data }) => {
  if (data.type === "lead") host = lead(data);
  else void close();
});

function lead({ store, storeKey }: Extract<ToWorker, { readonly type: "lead" }>): Host {
  const { random } = createBrowserEnv().env;
  return createHost({
    place: createPlace(store),
    random,
    open(options, { hears, closed }) {
      const { env, close: closeEnv } = createBrowserEnv();
      const crypto = createNobleCrypto({ random: env.random });
      const patience = { ms: patienceMs, timer: env.timer };
      const openStore = (name: string) => openBrowserStore(name, storeKey, env.random, patience);
      const closeAll = async () => {
        await closeEnv();
        closed();
      };
      return openClient({ env, crypto, openStore, hears, close: closeAll }, options);
    },
  });
}

async function close(): Promise<void> {
  await host?.close();
  postMessage({ type: "closed" });
}

/** Of a dedicated worker's global scope, which the compiler does not know. */
declare function addEventListener(
  type: "message",
  listener: (event: { readonly data: ToWorker }) => void,
): void;
declare function postMessage(message: FromWorker): void;
