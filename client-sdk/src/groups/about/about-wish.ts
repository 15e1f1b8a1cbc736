import {
  type Bytes,
  type CapabilityName,
  type CodecValue,
  equalBytes,
  optional,
  Refusal,
  struct,
  u8,
} from "@treehouse/protocol";

import { capabilitiesOf, type GroupsContext, type Room, loadGroup } from "../room/index.ts";
import { aboutCodecs, aboutFields, type RoomAbout, type RoomAboutField } from "./room-about.ts";

const wishCodec = struct({
  version: u8,
  name: optional(aboutCodecs.name),
  description: optional(aboutCodecs.description),
  topic: optional(aboutCodecs.topic),
  picture: optional(aboutCodecs.picture),
});

/** What is to be different; fields that are not named stay as whoever was last has set them. */
export type AboutWish = Omit<CodecValue<typeof wishCodec>, "version">;

/** Body of the intent `metadata`. */
export function encodeAboutWish(wish: AboutWish): Bytes {
  return wishCodec.encode({ version: 1, ...wish });
}

/**
 * Applies a wish to what the room says by now: so of two that were made at once each changes its own
 * fields, and of one field the last that was committed stays.
 */
export function applyAboutWish(about: RoomAbout, body: Uint8Array): RoomAbout {
  const { name, description, topic, picture } = wishCodec.decode(body);
  return {
    name: name ?? about.name,
    description: description ?? about.description,
    topic: topic ?? about.topic,
    picture: picture ?? about.picture,
  };
}

/** The fields in which two differ. */
export function aboutDifference(a: RoomAbout, b: RoomAbout): readonly RoomAboutField[] {
  return aboutFields.filter((field) =>
    field === "picture" ? !equalBytes(a.picture, b.picture) : a[field] !== b[field],
  );
}

/**
 * FED-1143: the right to each field, which clients alone can check: a server sees that something of the
 * metadata is different, and not what.
 */
export const fieldCapabilities: Readonly<Record<RoomAboutField, CapabilityName>> = {
  name: "changeRoomName",
  description: "changeRoomDescription",
  topic: "changeRoomSubject",
  picture: "changeRoomAvatar",
};

/** Refuses `notAllowed` unless the own role may change all that is named. */
export function checkAboutWish(context: GroupsContext, room: Room, wish: AboutWish): Promise<void> {
  return room.serial.run(async () => {
    const may = capabilitiesOf(await loadGroup(context, room), context.self.user);
    const named = aboutFields.filter((field) => wish[field] !== undefined);
    const isAllowed =
      may("changeRoomMetadata") && named.every((field) => may(fieldCapabilities[field]));
    if (!isAllowed) {
      throw new Refusal("notAllowed", "the rules of this conversation do not permit you that");
    }
  });
}
