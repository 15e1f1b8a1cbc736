import type { Bytes } from "../bytes/index.ts";
import { codec, malformed, opaque, readVersion, struct, u32, u64, utf8 } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { roomUriCodec } from "../identifiers/index.ts";
import type { RoomUri } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";
import { signedHeadCodec } from "./head.ts";
import type { SignedHead } from "./head.ts";
import { welcomeCodec } from "./mls-objects.ts";

/** Version of the inbox entry's form; its first octet. */
export const INBOX_ENTRY_VERSION = 1;

type InboxHeader = {
  /** Gapless from 1 within one client's inbox. */
  readonly position: number;
  readonly acceptedAt: number;
};

export type WelcomeBody = {
  readonly room: RoomUri;
  readonly generation: number;
  /** The epoch that the commit began: the tree of this epoch goes with the Welcome. */
  readonly epoch: number;
  /** Of the commit in the room's stream: the client reads the room from the next one on. */
  readonly position: number;
  readonly welcome: Bytes;
  readonly head: SignedHead;
};

export type AccountEventBody = { readonly name: string; readonly data: Bytes };

/** One entry of a client's inbox. */
export type InboxEntry =
  | (InboxHeader & { readonly kind: "welcome"; readonly welcome: WelcomeBody })
  | (InboxHeader & { readonly kind: "accountEvent"; readonly event: AccountEventBody });

const welcomeBodyCodec = struct<WelcomeBody>({
  room: roomUriCodec,
  generation: u32,
  epoch: u64,
  position: u64,
  welcome: welcomeCodec,
  head: signedHeadCodec,
});

const accountEventBodyCodec = struct<AccountEventBody>({
  name: utf8({ max: LIMITS.nameBytesMax }),
  data: opaque({ max: LIMITS.accountEventBytesMax }),
});

export const inboxEntryCodec: Codec<InboxEntry> = codec<InboxEntry>(
  (writer, entry) => {
    writer.u8(INBOX_ENTRY_VERSION);
    writer.u64(entry.position);
    writer.u64(entry.acceptedAt);
    if (entry.kind === "welcome") {
      writer.u8(1);
      welcomeBodyCodec.write(writer, entry.welcome);
    } else {
      writer.u8(2);
      accountEventBodyCodec.write(writer, entry.event);
    }
  },
  (reader) => {
    readVersion(reader, INBOX_ENTRY_VERSION);
    const header = { position: reader.u64(), acceptedAt: reader.u64() };
    const kind = reader.u8();
    if (kind === 1) return { ...header, kind: "welcome", welcome: welcomeBodyCodec.read(reader) };
    if (kind !== 2) throw malformed("an unknown kind of inbox entry");
    return { ...header, kind: "accountEvent", event: accountEventBodyCodec.read(reader) };
  },
);
