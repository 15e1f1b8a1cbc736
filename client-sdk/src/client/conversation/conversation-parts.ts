import type { RoomUri } from "@treehouse/protocol";

import type { Assets } from "../../assets/index.ts";
import type { FileStore } from "../../files/index.ts";
import type { Groups } from "../../groups/index.ts";
import type { Pictures } from "../../media/index.ts";
import type { Expiry } from "../../messages/index.ts";
import type { Presences } from "../../presence/index.ts";
import type { Profiles } from "../../profiles/index.ts";
import type { Stickers } from "../../stickers/index.ts";
import type { LocalStore } from "../../storage/index.ts";
import type { Session } from "../session.ts";
import type { Chosen } from "../account/index.ts";

export type SentMessage = {
  readonly id: string;
  readonly conversation: RoomUri;
  readonly position: number;
  readonly acceptedAt: number;
};

/** What becomes of files before they are sent. */
type ConversationFileParts = {
  readonly store: FileStore;
  /** Undefined where this machine cannot decode any. */
  readonly pictures: () => Promise<Pictures | undefined>;
  /** A message may have gone: its files are to go as well. */
  readonly letGo: () => void;
};

/** What the face of a conversation is made of. */
export type ConversationParts = {
  readonly assets: Assets;
  readonly groups: Groups;
  readonly session: Session;
  readonly store: LocalStore;
  readonly chosen: Chosen;
  readonly files: ConversationFileParts;
  readonly profiles: Profiles;
  readonly expiry: Pick<Expiry, "purge" | "isOver" | "look">;
  readonly presences: Pick<Presences, "typing">;
  readonly stickers: Stickers;
};
