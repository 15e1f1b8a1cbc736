import type { Bytes, RoomUri, UserUri } from "@treehouse/protocol";

/** The rooms, as far as this layer needs them; owned here, met by the groups layer. */
export interface Rooms {
  /** Says something that nobody keeps. Never rejects. */
  whisper(
    room: RoomUri,
    said: { readonly mediaType: string; readonly content: Bytes },
  ): Promise<"taken" | "lost" | { readonly retryAfterMs: number }>;
  /** The conversations of two that this client takes part in. */
  directRooms(): Promise<readonly { readonly room: RoomUri; readonly peer: UserUri }[]>;
}
