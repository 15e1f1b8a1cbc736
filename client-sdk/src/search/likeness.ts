import { fold } from "./fold.ts";

/**
 * How well a name fits what somebody types to find it: 0 not at all, 1 exactly. Whole names and their
 * beginnings count most, then beginnings of words, parts, one slip of the finger, and last the letters
 * in their order with others between them.
 */
export function likeness(name: string, typed: string): number {
  const [whole, wanted] = [fold(name), fold(typed).trim()];
  if (wanted === "") return 0;
  if (whole === wanted) return 1;
  // Of two that fit alike, the one that leaves less over is meant rather.
  const share = wanted.length / (whole.length + wanted.length);
  if (whole.startsWith(wanted)) return 0.8 + share / 10;
  const words = whole.split(/[^\p{L}\p{N}\p{M}]+/u);
  if (words.some((word) => word.startsWith(wanted))) return 0.6 + share / 10;
  if (whole.includes(wanted)) return 0.5 + share / 10;
  if (wanted.includes(" ")) return ofWords(words, wanted) + share / 10;
  if (
    wanted.length >= 4 &&
    words.some((word) => isSlip(word.slice(0, wanted.length + 1), wanted))
  ) {
    return 0.3 + share / 10;
  }
  return isInOrder(whole, wanted) ? 0.1 + share / 10 : 0;
}

/** Every word that is typed begins one of the name's, or none of it counts. */
function ofWords(words: readonly string[], wanted: string): number {
  const all = wanted.split(/\s+/u).every((one) => words.some((word) => word.startsWith(one)));
  return all ? 0.6 : -1;
}

function isInOrder(whole: string, wanted: string): boolean {
  let at = 0;
  for (const letter of wanted) {
    at = whole.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return wanted.length > 1;
}

/** One letter too many, too few, another one, or two that changed places; the word may go on. */
function isSlip(word: string, wanted: string): boolean {
  for (let at = 0; at < wanted.length; at += 1) {
    if (word[at] === wanted[at]) continue;
    const [rest, wantedRest] = [word.slice(at), wanted.slice(at)];
    return (
      rest.slice(1).startsWith(wantedRest.slice(1)) ||
      rest.startsWith(wantedRest.slice(1)) ||
      rest.slice(1).startsWith(wantedRest) ||
      rest.startsWith(`${wantedRest[1] ?? ""}${wantedRest[0] ?? ""}${wantedRest.slice(2)}`)
    );
  }
  return true;
}
