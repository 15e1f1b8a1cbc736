import type { MlsCrypto } from "@treehouse/mls/crypto";
import {
  type Bytes,
  clientFrameCodec,
  copyBytes,
  type HttpRequest,
  serverFrameCodec,
  sha256,
  submitMessageRequestCodec,
  toHex,
} from "@treehouse/protocol";
import type { SimWorld } from "./sim-world.ts";

/** Request ids that no client comes to in a seed. */
const foreignIds = 1_000_000;
const repeatedIds = 2_000_000;

/**
 * A server that lies to one of its users: entries are withheld, told twice, in another order, or
 * altered. Everybody else is told the truth.
 */
export class Liar {
  readonly #world: SimWorld;
  #held: Bytes | undefined;

  constructor(world: SimWorld) {
    this.#world = world;
  }

  /** What the user is told in the place of a frame. */
  tell(frame: Bytes): readonly Bytes[] {
    const random = this.#world.random("lies");
    const lies = random.chance(this.#world.faults.lies) && !this.#world.calm;
    const kind = random.integer(0, 3);
    const held = this.#held === undefined ? [] : [this.#held];
    this.#held = undefined;
    const { type } = serverFrameCodec.decode(frame);
    if (!lies || type !== "entry") return [frame, ...held];
    this.#world.probe(`lie ${lieNames[kind]}`);
    if (kind === 0) return held;
    if (kind === 1) return [frame, frame, ...held];
    if (kind === 2) return [spoiled(frame, random.fraction()), ...held];
    this.#held = frame;
    return held;
  }
}

const lieNames = ["withheld", "twice", "altered", "reordered"] as const;

/** A member whose program sends messages that nobody can read, beside those that it means. */
export class Spammer {
  readonly #world: SimWorld;
  /** By the hash of the message. */
  readonly #garbage: Set<string>;

  constructor(world: SimWorld, garbage: Set<string>) {
    this.#world = world;
    this.#garbage = garbage;
  }

  /** What is sent before a frame of the program. */
  before(bytes: Uint8Array): readonly Bytes[] {
    const random = this.#world.random("garbage");
    const [sends, place] = [random.chance(this.#world.faults.garbage), random.fraction()];
    if (!sends || this.#world.calm) return [];
    const frame = clientFrameCodec.decode(bytes);
    if (frame.type !== "submit") return [];
    const request = submitMessageRequestCodec.decode(frame.request);
    // In the second half, where the ciphertext is: what stands before it is checked by the hub.
    const message = spoiled(request.message, 0.5 + place / 2);
    this.#garbage.add(toHex(sha256(message)));
    this.#world.probe("garbage sent");
    const requestId = frame.requestId + foreignIds;
    const spoilt = submitMessageRequestCodec.encode({ ...request, message });
    return [clientFrameCodec.encode({ ...frame, requestId, request: spoilt })];
  }

  /** Whether a frame answers what the program did not send. */
  static isForeign(bytes: Uint8Array): boolean {
    const frame = serverFrameCodec.decode(bytes);
    return "requestId" in frame && frame.requestId >= foreignIds;
  }
}

/** What a member's program computes with: while it spoils, what it seals for others opens for nobody. */
export function spoilable(honest: MlsCrypto, spoils: () => boolean): MlsCrypto {
  return {
    ...honest,
    hpkeSeal(publicKey, info, aad, plaintext) {
      const sealed = honest.hpkeSeal(publicKey, info, aad, plaintext);
      if (!spoils()) return sealed;
      return { ...sealed, ciphertext: spoiled(sealed.ciphertext, 0) };
    },
  };
}

/** A client's request once more under another id; undefined for a frame that asks for nothing to be taken. */
export function askedAgain(bytes: Uint8Array): Bytes | undefined {
  const frame = clientFrameCodec.decode(bytes);
  if (frame.type !== "submit" && frame.type !== "update") return undefined;
  return clientFrameCodec.encode({ ...frame, requestId: frame.requestId + repeatedIds });
}

/** A request as somebody on the way sends it who has not the key to sign it. */
export function tampered(request: HttpRequest, place: number): HttpRequest | undefined {
  if (request.body === undefined || request.body.length === 0) return undefined;
  return { ...request, body: copyBytes(spoiled(request.body, place)) };
}

/** One bit is another one, at a place between the beginning (0) and the end (1). */
export function spoiled(bytes: Uint8Array, place: number, bit = 1): Bytes {
  const copy = copyBytes(bytes);
  const index = Math.min(copy.length - 1, Math.floor(place * copy.length));
  copy[index] = (copy[index] ?? 0) ^ bit;
  return copy;
}
