/**
 * What the files of stickers are, read by their structure alone: none is ever handed to a program that
 * draws before it has passed here.
 */
export { readStickerFile } from "./read-sticker-file.ts";
export type { StickerFile } from "./sticker-file.ts";
