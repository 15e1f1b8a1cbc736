import { type AssetLink, LIMITS, Refusal, type RoomUri, utf8Encode } from "@treehouse/protocol";

import { type AboutWish, encodePicture } from "../../groups/index.ts";
import { describe, sourceOf, withoutMetadata } from "../../media/index.ts";
import { type ActOptions, reasonOf } from "./act-options.ts";
import type { ConversationParts } from "./conversation-parts.ts";
import { guarded } from "../guarded.ts";

/** What a conversation is to say of itself; fields that are not named stay, null takes one away. */
export type AboutChange = {
  readonly name?: string | null;
  readonly description?: string | null;
  /** What is talked about now. */
  readonly topic?: string | null;
  /** The octets of a JPEG, PNG or WebP. What a camera wrote beside the pixels is left out. */
  readonly picture?: Uint8Array | null;
};

export interface ConversationAbout {
  /**
   * Changes what the conversation says of itself to those in it; no server can read it. Each field is
   * changed by itself: who changes another one at the same time loses nothing. Refuses `notAllowed`,
   * `limitExceeded`, and `unsupported` for a picture of another type.
   */
  setAbout(change: AboutChange, options?: ActOptions): Promise<void>;
  rename(name: string, options?: ActOptions): Promise<void>;
  /** The octets of the conversation's picture; undefined where it has none that can be shown. */
  picture(): Promise<{ readonly mediaType: string; readonly bytes: Uint8Array } | undefined>;
}

const pictureTypes: readonly string[] = ["image/jpeg", "image/png", "image/webp"];

export function createConversationAbout(
  { assets, groups }: ConversationParts,
  room: RoomUri,
): ConversationAbout {
  const setAbout = async (change: AboutChange, options?: ActOptions): Promise<void> => {
    const { name, description, topic, picture } = change;
    const reason = reasonOf(options);
    check("nameBytesMax", name);
    check("descriptionBytesMax", description);
    check("roomTopicBytesMax", topic);
    const wish: AboutWish = {
      name: name === null ? "" : name,
      description: description === null ? "" : description,
      topic: topic === null ? "" : topic,
      picture: undefined,
    };
    if (picture === undefined) {
      await groups.setAbout(room, wish, reason);
      return;
    }
    const { picture: former } = await groups.info(room);
    const link = picture === null ? undefined : await upload(picture);
    try {
      const pictured = { ...wish, picture: encodePicture(room, link) };
      await groups.setAbout(room, pictured, reason);
    } catch (error) {
      if (link !== undefined) await assets.delete(link.uri).catch(() => undefined);
      throw error;
    }
    // Only who has uploaded it can take it away; a server that cannot be told keeps it for its time.
    if (former !== undefined) await assets.delete(former.uri).catch(() => undefined);
  };
  const upload = async (picture: Uint8Array): Promise<AssetLink> => {
    checkLength("roomPictureBytesMax", picture.length);
    const octets = new Uint8Array(picture);
    const { mediaType } = await describe(sourceOf(octets), { name: "", mediaType: "" });
    const bare = pictureTypes.includes(mediaType) ? withoutMetadata(octets, mediaType) : undefined;
    if (bare === undefined) {
      throw new Refusal("unsupported", "a conversation's picture is JPEG, PNG or WebP");
    }
    return assets.upload(bare, { access: { kind: "room", room } });
  };
  return {
    setAbout: (change, options) => guarded(() => setAbout(change, options)),
    rename: (name, options) => guarded(() => setAbout({ name }, options)),
    picture: () =>
      guarded(async () => {
        const { picture } = await groups.info(room);
        if (picture === undefined) return undefined;
        const bytes = await assets.read(picture, { bytesMax: LIMITS.roomPictureBytesMax });
        const { mediaType } = await describe(sourceOf(bytes), { name: "", mediaType: "" });
        return pictureTypes.includes(mediaType) ? { mediaType, bytes } : undefined;
      }),
  };
}

type TextLimit = "nameBytesMax" | "descriptionBytesMax" | "roomTopicBytesMax";

function check(limitName: TextLimit, text: string | null | undefined): void {
  if (typeof text === "string") checkLength(limitName, utf8Encode(text).length);
}

function checkLength(limitName: TextLimit | "roomPictureBytesMax", length: number): void {
  const limit = LIMITS[limitName];
  if (length <= limit) return;
  throw new Refusal("limitExceeded", `at most ${limit} octets`, { limitName, limit });
}
