import type { MemberContext } from "@treehouse/mls/member";
import type { Env } from "@treehouse/protocol";

import type { KeyStretching } from "../../account/index.ts";
import type { KeyPackageStock } from "../../groups/index.ts";
import type { AssetCipher } from "../../assets/index.ts";
import type { Pictures } from "../../media/index.ts";
import type { ClientEvents } from "../../events/index.ts";
import type { CreateSeal, SqlDatabase } from "../../storage/index.ts";

/** What the client needs of the machine it runs on; `node.ts` and `browser.ts` bring theirs. */
export type Platform = {
  readonly env: Env;
  readonly crypto: MemberContext["crypto"];
  /** Opens the store's engine and answers its key, making both at the first opening. */
  openStore(store: string): Promise<{ readonly database: SqlDatabase; readonly key: Uint8Array }>;
  /** What seals columns of the store; by default XChaCha20-Poly1305. */
  readonly storeSeal?: CreateSeal;
  /** By default WebCrypto's. */
  readonly assetCipher?: AssetCipher;
  /** What makes thumbnails; without it, or where it answers nothing, there are none. */
  readonly pictures?: () => Promise<Pictures | undefined>;
  /** By default what `account` recommends; a record fits one choice. */
  readonly keyStretching?: KeyStretching;
  /** How many KeyPackages are kept at the server; by default what `groups` recommends. */
  readonly keyPackageStock?: KeyPackageStock;
  /** Hears every event of the client, before its listeners and also while it is being opened. */
  hears?<K extends keyof ClientEvents>(name: K, value: ClientEvents[K]): void;
  /** Lets go of what the platform holds open; called once, at the end of `close`. */
  close(): Promise<void>;
};
