import {
  type Attachment,
  ATTACHMENT_LIMITS,
  type Continued,
  FILE_STEP_BYTES,
  Refusal,
  utf8Encode,
} from "@treehouse/protocol";

import { type FileNote, type FileWish, type Preparing, prepareFile } from "./prepare-file.ts";
import type { Transfer } from "./ports.ts";

/** What a file's own fields take of a message, with room to spare, and those of the message. */
const fileBytes = 900;
const messageBytes = 700;
const previewBytesMax = 6 * 1024;
/** The longest content that is padded. */
const contentBytesMax = 7 * FILE_STEP_BYTES;
/** Below this a thumbnail shows nothing. */
const previewBytesMin = 500;

/** Uploads all files of a message, one after the other. */
export async function prepareMessage(
  parts: Omit<Preparing, "previewBytesMax">,
  message: { readonly files: readonly FileWish[]; readonly caption: string },
  more: Transfer & { readonly continues?: Continued | undefined },
): Promise<{ readonly attachments: readonly Attachment[]; readonly notes: readonly FileNote[] }> {
  const { files, caption } = message;
  const { filesMax } = ATTACHMENT_LIMITS;
  if (files.length === 0) throw new Refusal("malformed", "there is no file to be sent");
  if (files.length > filesMax) {
    throw new Refusal("limitExceeded", `a message has at most ${filesMax} files`, {
      limitName: "filesMax",
      limit: filesMax,
    });
  }
  const { continues, resumeKey, signal, onProgress } = more;
  if (continues !== undefined && files.length > 1) {
    throw new Refusal("malformed", "a new version is one file");
  }
  const budget = previewBudget(files.length, utf8Encode(caption).length);
  const attachments: Attachment[] = [];
  const notes: FileNote[] = [];
  for (const [number, file] of files.entries()) {
    const key = resumeKey === undefined || number === 0 ? resumeKey : `${resumeKey}.${number}`;
    const transfer = { resumeKey: key, signal, onProgress };
    const prepared = await prepareFile({ ...parts, previewBytesMax: budget }, file, transfer);
    attachments.push({ ...prepared.attachment, continues });
    notes.push(...prepared.notes);
  }
  return { attachments, notes };
}

/** So much that the message stays as long as its number of files says (FED-879), as far as it goes. */
function previewBudget(files: number, captionBytes: number): number {
  const length = Math.min(files * FILE_STEP_BYTES, contentBytesMax);
  const left = Math.floor((length - messageBytes - captionBytes) / files) - fileBytes;
  const share = Math.floor(ATTACHMENT_LIMITS.previewsBytesMax / files);
  const budget = Math.min(left, share, previewBytesMax);
  return budget < previewBytesMin ? 0 : budget;
}
