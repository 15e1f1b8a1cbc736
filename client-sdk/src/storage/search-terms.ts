import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { LABELS, remembering, signedBytes, utf8Encode } from "@treehouse/protocol";

import {
  BEGINNING_MAX,
  beginningsOf,
  mayGoOn,
  partsOfRun,
  partsToFind,
  piecesOf,
  type TextTerm,
  wordsOfRun,
} from "../search/index.ts";

/** What of a message can be found. */
export type Searchable = {
  /** Each for itself: no phrase reaches from one into another. */
  readonly texts: readonly string[];
  /** What it is, in words of the layer that knows: `kind text`, `from mimi://…`. */
  readonly facets: readonly string[];
};

/** What the index is fed with: words that say nothing to whoever does not have the store's key. */
export type HashedTerms = {
  readonly words: string;
  readonly parts: string;
  readonly facets: string;
  /** How many words. */
  readonly length: number;
};

/** Facets of one of which a message has at least one, or with `negative` none. */
export type FacetGroup = { readonly anyOf: readonly string[]; readonly negative: boolean };

export interface TermHasher {
  hashed(searchable: Searchable): HashedTerms;
  /**
   * A query of FTS5 that finds at least what is meant: words and phrases are looked for exactly, and of
   * the rest what must be there for it to be possible.
   */
  match(terms: readonly TextTerm[], facets: readonly FacetGroup[]): string;
}

/** Every message has it. */
const everything = "everything";

/**
 * Terms are cut HMACs under a key of the store (decision 65). Two terms that come to the same are no
 * harm: what the index finds is compared with the message itself.
 */
export function createTermHasher(storeKey: Uint8Array): TermHasher {
  const info = signedBytes(LABELS.searchTerm, new Uint8Array());
  const keyed = hmac.create(sha256, hkdf(sha256, storeKey, undefined, info, 32));
  const compute = (term: string): string => {
    const digest = keyed.clone().update(utf8Encode(term)).digest();
    const view = new DataView(digest.buffer, digest.byteOffset);
    // 52 bits, which a number holds exactly.
    return (view.getUint32(0) * 2 ** 20 + (view.getUint32(4) >>> 12)).toString(36);
  };
  const word = remembering(remembered, (text) => compute(`word ${text}`));
  const part = remembering(remembered, (text) => compute(`part ${text}`));
  const facet = remembering(remembered, (text) => compute(`facet ${text}`));
  /** A word, and the beginnings by which it is found: one look for all of them. */
  const wordWithParts = remembering(remembered, (text): WithParts => {
    return { word: word(text), parts: beginningsOf(text).map(part) };
  });

  const matchOne = ({ kind, text }: TextTerm["pieces"][number], open: boolean): string => {
    if (kind === "run") {
      const needed = partsToFind(text).map((one) => `parts:${part(one)}`);
      const words = wordsOfRun(text).map(word);
      const likely = words.length === 0 ? [] : [`words:"${words.join(" ")}"`];
      return anyOf([allOf(needed), ...likely]);
    }
    if (!mayGoOn(text, open)) return `words:${word(text)}`;
    const characters = Array.from(text);
    if (characters.length > BEGINNING_MAX) {
      return `parts:${part(characters.slice(0, BEGINNING_MAX).join(""))}`;
    }
    return anyOf([`words:${word(text)}`, `parts:${part(text)}`]);
  };
  const matchTerm = ({ pieces, open }: TextTerm): string => {
    const last = pieces.length - 1;
    const exact = pieces.every(
      ({ kind, text }, at) => kind === "word" && !mayGoOn(text, open && at === last),
    );
    if (exact) return `words:"${pieces.map(({ text }) => word(text)).join(" ")}"`;
    return allOf(pieces.map((piece, at) => matchOne(piece, open && at === last)));
  };
  return {
    hashed({ texts, facets }) {
      const words: string[] = [];
      const parts = new Set<string>();
      for (const { kind, text } of texts.flatMap(piecesOf)) {
        if (kind === "run") {
          for (const one of wordsOfRun(text)) words.push(word(one));
          for (const one of partsOfRun(text)) parts.add(part(one));
          continue;
        }
        const known = wordWithParts(text);
        words.push(known.word);
        for (const one of known.parts) parts.add(one);
      }
      return {
        words: words.join(" "),
        parts: [...parts].join(" "),
        facets: [everything, ...facets].map(facet).join(" "),
        length: words.length,
      };
    },
    match(terms, facets) {
      const of = (group: FacetGroup) => anyOf(group.anyOf.map((one) => `facets:${facet(one)}`));
      const wanted = [
        ...terms.filter(({ negative }) => !negative).map(matchTerm),
        ...facets.filter(({ negative }) => !negative).map(of),
      ];
      const excluded = [
        ...terms.filter((term) => term.negative && isOneWord(term)).map(matchTerm),
        ...facets.filter(({ negative }) => negative).map(of),
      ];
      const positive = allOf(wanted.length === 0 ? [`facets:${facet(everything)}`] : wanted);
      return excluded.length === 0 ? positive : `${positive} NOT ${anyOf(excluded)}`;
    },
  };
}

/** What the index knows exactly; all else that must not be there is found by comparing. */
function isOneWord({ pieces }: TextTerm): boolean {
  const [only, another] = pieces;
  return another === undefined && only?.kind === "word" && !mayGoOn(only.text, false);
}

const anyOf = (some: readonly string[]): string => `(${some.join(" OR ")})`;
const allOf = (some: readonly string[]): string => `(${some.join(" AND ")})`;

type WithParts = { readonly word: string; readonly parts: readonly string[] };

const remembered = 65_536;
