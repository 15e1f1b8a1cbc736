import { gzipSync } from "node:zlib";

/** An animation of one moving shape; `change` makes another one of it. */
export function lottie(change: Readonly<Record<string, unknown>> = {}): string {
  const layer = {
    ty: 4,
    ind: 1,
    ip: 0,
    op: 60,
    st: 0,
    ks: { p: { a: 0, k: [256, 256, 0] } },
    shapes: [{ ty: "el", s: { a: 0, k: [100, 100] }, p: { a: 0, k: [0, 0] } }],
  };
  return JSON.stringify({
    tgs: 1,
    v: "5.5.2",
    fr: 60,
    ip: 0,
    op: 60,
    w: 512,
    h: 512,
    assets: [],
    layers: [layer],
    ...change,
  });
}

/** The file of an animated sticker. */
export function tgs(json: string = lottie()): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gzipSync(json, { level: 9 }));
}
