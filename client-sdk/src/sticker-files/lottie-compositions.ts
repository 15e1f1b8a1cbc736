import { checkStickerLimit, malformed } from "@treehouse/protocol";

import { isObject, type Json, type JsonObject, list, number } from "./lottie-json.ts";

type Composition = { readonly layers: readonly JsonObject[]; readonly uses: readonly string[] };
/** How many layers are drawn for a composition, and how deep it goes. */
type Extent = { readonly layers: number; readonly depth: number };

/**
 * Compositions may use each other, each as often as it likes: a few hundred octets can ask for billions
 * of layers, or for a composition inside of itself. Counts what would be drawn, without drawing it.
 */
export function checkCompositions(layers: readonly Json[], assets: readonly Json[]): void {
  const compositions = new Map(assets.map(readAsset));
  if (compositions.size < assets.length) throw malformed("two compositions of one name");
  const known = new Map<string, Extent>();
  const extentOf = (name: string, depth: number): Extent => {
    checkStickerLimit("lottieCompositionDepthMax", depth, "the depth of compositions");
    const found = known.get(name);
    if (found !== undefined) return found;
    const composition = compositions.get(name);
    if (composition === undefined) throw malformed("a composition that is not there");
    const extent = sum(composition, depth);
    known.set(name, extent);
    return extent;
  };
  const sum = ({ layers: own, uses }: Composition, depth: number): Extent => {
    let [count, deepest] = [own.length, 0];
    for (const use of uses) {
      const inner = extentOf(use, depth + 1);
      count += inner.layers;
      deepest = Math.max(deepest, inner.depth + 1);
      checkStickerLimit("lottieLayersMax", count, "the number of layers");
      checkStickerLimit("lottieCompositionDepthMax", depth + deepest, "the depth of compositions");
    }
    checkStickerLimit("lottieLayersMax", count, "the number of layers");
    return { layers: count, depth: deepest };
  };
  sum(readComposition(layers), 0);
  for (const name of compositions.keys()) extentOf(name, 0);
}

function readAsset(asset: Json): readonly [string, Composition] {
  if (!isObject(asset)) throw malformed("an asset that is no object");
  const { id } = asset;
  for (const name of ["p", "u", "e", "t"]) {
    if (asset[name] !== undefined) throw malformed("an animation with pictures or files");
  }
  if (typeof id !== "string") throw malformed("a composition without a name");
  return [id, readComposition(list(asset["layers"]))];
}

/** Compositions, plain colours, nothing (for grouping), and shapes; no pictures, texts, sounds. */
const kinds: readonly number[] = [0, 1, 3, 4];

function readComposition(values: readonly Json[]): Composition {
  checkStickerLimit("lottieLayersMax", values.length, "the number of layers");
  const layers = values.map((layer) => {
    if (!isObject(layer)) throw malformed("a layer that is no object");
    if (!kinds.includes(number(layer["ty"]))) throw malformed("a layer with what is no shape");
    return layer;
  });
  checkParents(layers);
  const uses = layers.flatMap(({ ty, refId }) => {
    if (ty !== 0) {
      if (refId !== undefined) throw malformed("a shape that refers to something");
      return [];
    }
    if (typeof refId !== "string") throw malformed("a composition without a name");
    return [refId];
  });
  return { layers, uses };
}

/** A layer may move with another one, but not in a circle. */
function checkParents(layers: readonly JsonObject[]): void {
  const parents = new Map<number, number>();
  for (const { ind, parent } of layers) {
    if (parent === undefined) continue;
    if (ind === undefined) continue;
    parents.set(number(ind), number(parent));
  }
  const settled = new Set<number>();
  for (const start of parents.keys()) {
    const path = new Set<number>();
    let at: number | undefined = start;
    while (at !== undefined && !settled.has(at)) {
      if (path.has(at)) throw malformed("layers that move with each other");
      path.add(at);
      at = parents.get(at);
    }
    for (const one of path) settled.add(one);
  }
}
