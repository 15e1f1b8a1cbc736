import type { RoomUri } from "@treehouse/protocol";

import type { AssetSource, UploadOptions } from "../assets/index.ts";
import { composeFile, type FileWish } from "../messages/index.ts";
import type { ConversationParts, SentMessage } from "./conversation-parts.ts";
import { guarded } from "./guarded.ts";

export type FileToSend = Omit<FileWish, "link" | "mediaType"> &
  Omit<UploadOptions, "access"> & {
    /** `application/octet-stream` unless it is given. */
    readonly mediaType?: string | undefined;
  };

export interface FileSending {
  /**
   * Uploads a file for those in the conversation and sends a message that brings it. With a
   * `resumeKey` a call that was cut short, by whatever, can be made again and goes on.
   */
  sendFile(source: AssetSource, file: FileToSend): Promise<SentMessage>;
}

export function createFileSending(parts: ConversationParts, room: RoomUri): FileSending {
  const { assets, groups, profiles, session } = parts;
  return {
    sendFile: (source, { mediaType = "application/octet-stream", ...file }) =>
      guarded(async () => {
        const { description, inReplyTo, name, topic, ...how } = file;
        const link = await assets.upload(source, { ...how, access: { kind: "room", room } });
        const place = { room, sender: session.user, random: session.random };
        const wish = { link, name, mediaType, description, inReplyTo, topic };
        const message = composeFile(place, wish);
        profiles.sending(room);
        const { position, acceptedAt } = await groups.send(room, message.content);
        return { id: message.id, conversation: room, position, acceptedAt };
      }),
  };
}
