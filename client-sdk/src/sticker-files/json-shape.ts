import { checkStickerLimit, malformed } from "@treehouse/protocol";

/**
 * Bounds what a parser of JSON would make of a text before there is one: levels and values. Refuses
 * objects that have a key twice or write it in a roundabout way, because programs read them
 * differently. Whether it is JSON at all is the parser's to say.
 */
export function checkJsonShape(text: string): void {
  let [values, start, end] = [1, 0, 0];
  /** Of each open object or list, the keys so far. */
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case quote:
        [start, end] = [at + 1, endOfText(text, at + 1)];
        at = end;
        break;
      case colon:
        addKey(open.at(-1), text.slice(start, end));
        break;
      case comma:
        values += 1;
        break;
      case openBracket:
      case openBrace:
        open.push(new Set());
        values += 1;
        checkStickerLimit("lottieDepthMax", open.length, "the depth of the animation");
        break;
      case closeBracket:
      case closeBrace:
        if (open.pop() === undefined) throw malformed("an animation that is no JSON");
        break;
    }
  }
  checkStickerLimit("lottieValuesMax", values, "the number of values in the animation");
}

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Where the text ends that begins here. */
function endOfText(text: string, start: number): number {
  for (let at = start; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === quote) return at;
    if (unit === backslash) at += 1;
  }
  throw malformed("an animation that is no JSON");
}

function addKey(keys: Set<string> | undefined, key: string): void {
  if (keys === undefined) throw malformed("an animation that is no JSON");
  if (keys.has(key) || key.includes("\\")) throw malformed("an animation that says a thing twice");
  keys.add(key);
}
