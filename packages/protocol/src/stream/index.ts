export { clientFrameCodec, STREAM_VERSION } from "./client-frame.ts";
export type { ClientFrame } from "./client-frame.ts";
export { acknowledgementCodec, cursorCodec } from "./cursor.ts";
export type { Acknowledgement, Cursor } from "./cursor.ts";
export { entriesPageCodec } from "./entries-page.ts";
export type { EntriesPage } from "./entries-page.ts";
export { refusalOfFrame, refusedFrame } from "./refused-frame.ts";
export {
  frameEntry,
  frameInboxEntry,
  isKnownServerFrame,
  serverFrameCodec,
} from "./server-frame.ts";
export type { GapReason, RefusedFrame, ServerFrame } from "./server-frame.ts";
