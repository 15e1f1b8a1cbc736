/** Files and stickers: sent up, fetched, and opened. */
export { type ClientAssets, createClientAssets } from "./assets.ts";
export { type ClientFiles, createClientFiles, type OpenableFile } from "./files.ts";
export { startFiles } from "./start-files.ts";
export { type ClientStickers, createClientStickers } from "./stickers.ts";
