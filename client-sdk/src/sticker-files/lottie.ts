import { checkStickerLimit, malformed } from "@treehouse/protocol";

import { checkJsonShape } from "./json-shape.ts";
import { checkCompositions } from "./lottie-compositions.ts";
import { isList, isObject, type Json, type JsonObject, list, number } from "./lottie-json.ts";
import { checkMotion, checkSize, type StickerFile } from "./sticker-file.ts";

/**
 * What a Lottie animation draws and for how long, if it is nothing but shapes that move: no scripts
 * (expressions), no pictures, no fonts, nothing from elsewhere, and no more to draw than the limits.
 */
export function readLottie(text: string): Omit<StickerFile, "mediaType"> {
  checkJsonShape(text);
  const root = parse(text);
  if (!isObject(root)) throw malformed("an animation that is no object");
  const size = { width: number(root["w"]), height: number(root["h"]) };
  if (!Number.isInteger(size.width) || !Number.isInteger(size.height)) throw malformed("no size");
  checkSize(size);
  const rate = number(root["fr"]);
  if (!(rate > 0)) throw malformed("an animation without frames");
  checkStickerLimit("framesPerSecondMax", rate, "the number of frames in a second");
  const frames = number(root["op"]) - number(root["ip"]);
  if (!(frames > 0)) throw malformed("an animation without frames");
  const durationMs = Math.round((frames * 1000) / rate);
  checkMotion(Math.ceil(frames), durationMs);
  for (const name of ["fonts", "chars"]) {
    if (root[name] !== undefined) throw malformed("an animation with fonts");
  }
  checkValues(root);
  checkCompositions(list(root["layers"]), list(root["assets"] ?? []));
  return { ...size, durationMs, frames: Math.ceil(frames) };
}

function parse(text: string): Json {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw malformed("an animation that is no JSON");
    throw error;
  }
}

/** Every value, whatever it belongs to; the shape's depth is bounded already. */
function checkValues(root: JsonObject): void {
  const waiting: (readonly Json[] | JsonObject)[] = [root];
  const look = (value: Json | undefined): void => {
    if (typeof value === "number" && !Number.isFinite(value)) {
      throw malformed("a number that is too large");
    }
    if (typeof value === "object" && value !== null) waiting.push(value);
  };
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (isList(value)) {
      for (const inner of value) look(inner);
      continue;
    }
    checkObject(value);
    for (const key in value) look(value[key]);
  }
}

function checkObject(value: JsonObject): void {
  // In Lottie a text in the place of a property's `x` is a script.
  if (typeof value["x"] === "string") throw malformed("an animation with scripts");
  if (value["ty"] === "rp") throw malformed("an animation that repeats shapes");
  if (Object.hasOwn(value, "__proto__")) throw malformed("a forbidden key");
}
