/**
 * The SDK in a browser: `Client.open({ account, password, store })`, as in Node. The client runs in a
 * worker, one for all tabs of the application; what a page has is its face.
 */
import "./environment/no-eval.ts";

import { checkedOptions, requestReset } from "./client/opening/index.ts";
import type { Client as ClientFace, ClientOptions, ResetRequest } from "./client/index.ts";
import { createBrowserEnv } from "./environment/browser.ts";
import { SdkError, toSdkError } from "./errors/index.ts";
import { deleteBrowserStore } from "./storage-wasm/delete-store.ts";
import { createPlace, type Leading, openInTab } from "./tabs/index.ts";
import type { FromWorker, ToWorker } from "./worker-messages.ts";

export { PASSWORD_LIMITS } from "./account/new-password.ts";
export { SdkError } from "./errors/index.ts";
export { explainHealth } from "./client/explain-health.ts";
export { defineContent } from "./messages/define-content.ts";
// The same types as in Node, but for what is said here in another way.
export type * from "./node.ts";

export type Client = ClientFace;

/** The browser's additions to the options. */
export type BrowserOptions = ClientOptions & {
  /** 32 octets that seal the store. By default a key that this browser keeps and gives to no script. */
  readonly storeKey?: Uint8Array;
};

export const Client = {
  /**
   * Opens or resumes the client in `store`, a name of letters, digits and `. _ @ -`; with `register`
   * it makes the account first. All tabs of an origin may open the same store: they have one client.
   * Throws `SdkError`.
   */
  async open(wanted: BrowserOptions): Promise<ClientFace> {
    const { storeKey, ...options } = checkedOptions(wanted);
    checkBrowser();
    const { env } = createBrowserEnv();
    try {
      const place = createPlace(options.store);
      const lead = async () => leadWith(options.store, storeKey);
      return await openInTab({ place, random: env.random, soon: env.soon, lead }, options);
    } catch (error) {
      throw toSdkError(error);
    }
  },
  /**
   * Deletes a store with its key: nothing of it can be read any more. It must be open nowhere;
   * refused with `storeInUse` otherwise. The account and its client at the server stay.
   */
  async deleteStore(store: string): Promise<void> {
    try {
      await deleteBrowserStore(store);
    } catch (error) {
      throw toSdkError(error);
    }
  },
  /** As in Node. */
  async requestReset(wanted: ResetRequest): Promise<void> {
    const { env, close } = createBrowserEnv();
    try {
      await requestReset({ env }, wanted);
    } finally {
      await close();
    }
  },
};

/** Has this tab's worker serve all tabs with the store. */
function leadWith(store: string, storeKey: Uint8Array | undefined): Leading {
  const worker = startWorker();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  const closed = Promise.withResolvers<void>();
  // An error event without a message is one of loading; others are of bugs, which the console shows.
  worker.addEventListener("error", ({ message }) => {
    if (message === undefined || message === "") failed.reject(cannotRun("it could not be loaded"));
  });
  worker.addEventListener("message", () => closed.resolve());
  const say = (message: ToWorker) => worker.postMessage(message);
  say({ type: "lead", store, storeKey });
  return {
    failed: failed.promise,
    async close() {
      say({ type: "close" });
      await Promise.race([closed.promise, failed.promise]).catch(() => undefined);
      worker.terminate();
    },
  };
}

/** The line that makes it is the one that bundlers look for. */
function startWorker(): InstanceType<typeof Worker> {
  try {
    return new Worker(new URL("./browser-worker.ts", import.meta.url), { type: "module" });
  } catch (error) {
    throw cannotRun(String(error));
  }
}

function checkBrowser(): void {
  const { locks } = navigator;
  if (locks === undefined || typeof Worker === "undefined") {
    throw cannotRun("this page has neither Web Locks nor workers");
  }
}

function cannotRun(why: string): SdkError {
  return new SdkError("unsupported", `the client's worker cannot run here: ${why}`, {
    help:
      "Serve the page over HTTPS or from localhost, and its scripts from the page's own origin; a " +
      "content security policy has to allow worker-src 'self' and script-src 'wasm-unsafe-eval'.",
  });
}

/** Of a page, which the compiler does not know. */
declare const Worker: new (
  url: URL,
  options: { readonly type: "module" },
) => {
  addEventListener(type: "error", listener: (event: { readonly message?: string }) => void): void;
  addEventListener(type: "message", listener: (event: { readonly data: FromWorker }) => void): void;
  postMessage(message: ToWorker): void;
  terminate(): void;
};
