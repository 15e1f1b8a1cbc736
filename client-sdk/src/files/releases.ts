import { type AssetUri, type Env, NetworkFault, parseAssetUri, Refusal } from "@treehouse/protocol";

import type { LocalStore, ReleasedAsset } from "../storage/index.ts";
import { createSerial } from "../transport/index.ts";
import { eraseEntry, libraryEntries } from "./library.ts";
import type { FileStore } from "./ports.ts";

/** Lets go of the files of messages that are gone. */
export interface Releases {
  /** Looks what there is to do. What the server cannot be told now is told the next time. */
  run(): Promise<void>;
}

const pageSize = 100;

export function createReleases(parts: {
  readonly env: Pick<Env, "now" | "log">;
  readonly store: LocalStore;
  readonly files: FileStore;
  readonly self: string;
  /** Something in the library went: the user's other clients are to hear of it. */
  readonly changed: () => void;
}): Releases {
  const { env, store, files, self, changed } = parts;
  const serial = createSerial();

  const release = async ({ uri, sender }: ReleasedAsset): Promise<void> => {
    const asset = parsed(uri);
    if (asset !== undefined) {
      await files.forget(asset);
      // Its uploader's clients alone may delete it; each of them does, since one may never be back.
      if (sender === self) await deleted(asset);
    }
    await store.transaction((tx) => tx.messageFiles.settle(uri));
  };
  const deleted = async (asset: AssetUri): Promise<void> => {
    try {
      await files.delete(asset);
    } catch (error) {
      // Sent by another's words: an asset of somebody else, or one that is gone already.
      const final = error instanceof Refusal && finalCodes.includes(error.code);
      if (!final) throw error;
      env.log.info("file.notDeleted", { code: error.code });
    }
  };
  /** What the library holds of messages that are gone. */
  const tidyLibrary = async (): Promise<void> => {
    const gone = await store.transaction((tx) => {
      const ended = libraryEntries(tx).filter(({ message }) => {
        if (message === undefined) return false;
        const row = tx.messages.byId(message.conversation, message.id);
        return row !== undefined && row.kind !== "content";
      });
      for (const { id } of ended) eraseEntry(tx, id, env.now());
      return ended.length;
    });
    if (gone > 0) changed();
  };
  return {
    run: () =>
      serial.run(async () => {
        try {
          for (;;) {
            const page = await store.transaction((tx) => tx.messageFiles.released(pageSize));
            if (page.length === 0) return;
            await tidyLibrary();
            for (const one of page) await release(one);
          }
        } catch (error) {
          if (!(error instanceof NetworkFault) && !(error instanceof Refusal)) throw error;
          env.log.info("file.releaseWaits", { error: error.message });
        }
      }),
  };
}

const finalCodes: readonly string[] = ["notAllowed", "notFound", "notMember"];

function parsed(uri: string): AssetUri | undefined {
  try {
    return parseAssetUri(uri);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
