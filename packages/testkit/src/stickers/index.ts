/** Files of stickers, made by the tests: true as far as any reader of their structure can tell. */
export { lottie, tgs } from "./animations.ts";
export { type BotApiServer, type BotApiSet, startBotApi } from "./bot-api.ts";
export { ascii, big, joined, little } from "./octets.ts";
export { chunk, gif, jpeg, png, pngChunk, webp } from "./pictures.ts";
export { element, vp9, webm } from "./videos.ts";
