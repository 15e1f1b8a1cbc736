import {
  type AssetLink,
  assetLinkOf,
  type MimiContent,
  type NestedPart,
  type RoomUri,
} from "@treehouse/protocol";

/** A file that a message brings: where it is and what its sender says of it. */
export type MessageFile = {
  readonly link: AssetLink;
  /** What the sender calls it: a suggestion, and no path. */
  readonly name: string;
  readonly mediaType: string;
  readonly description: string;
  /** Octets. */
  readonly size: number;
  /** A number of `DISPOSITIONS`. */
  readonly disposition: number;
  /** Which part of the message it is, from 0 on, containers counted (mimi-content-08 §3.3). */
  readonly partIndex: number;
};

/** The files of a message in a room, in the order of its parts. */
export function filesOf({ body }: MimiContent, room: RoomUri): readonly MessageFile[] {
  const files: MessageFile[] = [];
  let index = 0;
  const visit = (part: NestedPart): void => {
    const partIndex = index;
    index += 1;
    if (part.kind === "multi") for (const inner of part.parts) visit(inner);
    if (part.kind !== "external") return;
    const link = assetLinkOf(part, room);
    if (link === undefined) return;
    const { contentType, description, disposition, filename, size } = part;
    const about = { name: filename, mediaType: contentType, description, size, disposition };
    files.push({ link, ...about, partIndex });
  };
  visit(body);
  return files;
}
