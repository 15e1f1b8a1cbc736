import type { Bytes } from "@treehouse/protocol";

/** Octets that arrive in pieces. */
export interface Gathered {
  readonly length: number;
  add(piece: Uint8Array): void;
  /** One array of its own, so that what is kept does not keep the buffers it was read into. */
  finish(): Bytes;
}

const capacityMin = 4_096;
/** What is announced is believed if it is so many times what has arrived, and not more. */
const believedTimes = 8;

/**
 * Costs about as many octets as have arrived, also when they come one by one: a list of the pieces
 * would cost a hundred times as many. `announced` is what the sender says that there will be: once a
 * good part of it is there, the rest is believed, and nothing is copied at the end.
 */
export function gather(announced = 0): Gathered {
  let only: Uint8Array | undefined;
  let buffer = new Uint8Array(0);
  let length = 0;

  function copyIn(piece: Uint8Array): void {
    if (length + piece.length > buffer.length) {
      const grown = new Uint8Array(capacityFor(length + piece.length, announced));
      grown.set(buffer.subarray(0, length));
      buffer = grown;
    }
    buffer.set(piece, length);
    length += piece.length;
  }

  return {
    get length() {
      return only?.length ?? length;
    },
    add(piece) {
      // Most bodies come in one piece, and need no more than the copy at the end.
      if (only === undefined && length === 0) {
        only = piece;
        return;
      }
      if (only !== undefined) {
        const first = only;
        only = undefined;
        copyIn(first);
      }
      copyIn(piece);
    },
    finish: () =>
      only === undefined && length === buffer.length
        ? buffer
        : new Uint8Array(only ?? buffer.subarray(0, length)),
  };
}

function capacityFor(needed: number, announced: number): number {
  if (announced >= needed && announced <= believedTimes * needed) return announced;
  return Math.max(capacityMin, 2 * needed);
}
