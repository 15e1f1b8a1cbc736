import type { Bytes } from "@treehouse/protocol";

/** Octets that arrive in pieces. */
export interface Gathered {
  readonly length: number;
  add(piece: Uint8Array): void;
  /** One array of its own, so that what is kept does not keep the buffers it was read into. */
  finish(): Bytes;
}

const capacityMin = 4_096;

/**
 * Costs about as many octets as have arrived, also when they come one by one: a list of the pieces
 * would cost a hundred times as many.
 */
export function gather(): Gathered {
  let only: Uint8Array | undefined;
  let buffer = new Uint8Array(0);
  let length = 0;

  function copyIn(piece: Uint8Array): void {
    if (length + piece.length > buffer.length) {
      const grown = new Uint8Array(Math.max(capacityMin, 2 * (length + piece.length)));
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
    finish: () => new Uint8Array(only ?? buffer.subarray(0, length)),
  };
}
