import type { Env, UserUri } from "@treehouse/protocol";

import type { Assets } from "../../assets/index.ts";
import type { ClientEvents, Events } from "../../events/index.ts";
import { createAutoDownload, createLibrary, createReleases } from "../../files/index.ts";
import type { Pictures } from "../../media/index.ts";
import type { LocalStore } from "../../storage/index.ts";
import { fileStoreOf } from "./files.ts";
import type { Chosen } from "../account/index.ts";

/** What becomes of files while a client runs: the library, what is let go of, what is fetched. */
export function startFiles(parts: {
  readonly env: Pick<Env, "now" | "random" | "log">;
  readonly store: LocalStore;
  readonly assets: Assets;
  readonly events: Events<ClientEvents>;
  readonly self: UserUri;
  readonly chosen: Chosen;
  readonly pictures: (() => Promise<Pictures | undefined>) | undefined;
  /** Something of the library is different: the user's other clients are to hear of it. */
  readonly changed: () => void;
}) {
  const { env, store, assets, events, self, chosen, changed } = parts;
  const fileStore = fileStoreOf(assets, store);
  const about = { env, store, files: fileStore, self };
  const releases = createReleases({ ...about, changed });
  const automatic = createAutoDownload(about);
  const letGo = () => void releases.run();
  events.on("changed", letGo);
  events.on("state", ({ state }) => state === "live" && letGo());
  events.on("stored", () => {
    letGo();
    void automatic.run();
  });
  let loaded: Promise<Pictures | undefined> | undefined;
  /** Loaded when the first picture is to be made smaller. */
  const pictures = () => (loaded ??= parts.pictures?.() ?? Promise.resolve(undefined));
  return {
    library: createLibrary({ ...about, push: chosen.push }),
    ofConversations: { store: fileStore, pictures, letGo },
  };
}
