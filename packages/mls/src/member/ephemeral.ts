import type { Bytes, EphemeralContent, EphemeralHeader } from "@treehouse/protocol";
import {
  ephemeralHeaderCodec,
  ephemeralMessageCodec,
  ephemeralPayloadCodec,
  LABELS,
  LIMITS,
  Refusal,
  signEphemeral,
  toHex,
  verifyEphemeral,
} from "@treehouse/protocol";
import type { ClientState } from "ts-mls/clientState.js";
import { mlsExporter } from "ts-mls/keySchedule.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";

import type { MlsCrypto } from "../crypto/index.ts";
import { toTsMls } from "../crypto/index.ts";
import { leafAt, readLeaf } from "../tree/index.ts";
import { readContext } from "../validity/index.ts";
import { refuseOn } from "../wire/index.ts";
import type { EphemeralClocks, OpenedEphemeral } from "./face.ts";
import type { Live } from "./snapshot.ts";

/** What opens the ephemeral messages of one epoch, and nothing else. */
type EpochKey = { readonly secret: Bytes; readonly tree: RatchetTree };

const secretLength = 32;
const saltLength = 16;

/**
 * What a group needs for messages that are never stored (FED-851 to FED-854), in memory only: keys
 * of the epochs whose messages may still come, and which messages have come.
 */
export class Ephemerals {
  readonly #crypto: MlsCrypto;
  readonly #epochs = new Map<number, EpochKey>();
  /** Until when each message that was opened could come again; in the order of arrival. */
  readonly #seen = new Map<string, number>();

  constructor(crypto: MlsCrypto) {
    this.#crypto = crypto;
  }

  /** Keeps the key of the epoch in which the group stands; call it before the epoch ends. */
  async keep({ state }: Live): Promise<EpochKey> {
    const epoch = Number(state.groupContext.epoch);
    const known = this.#epochs.get(epoch);
    if (known?.tree === state.ratchetTree) return known;
    const key = { secret: await this.#export(state), tree: state.ratchetTree };
    this.#epochs.set(epoch, key);
    for (const kept of this.#epochs.keys()) {
      if (kept < epoch - LIMITS.epochWindowEpochs || kept > epoch) this.#epochs.delete(kept);
    }
    return key;
  }

  /** The group is gone, and its secrets go with it. */
  forget(): void {
    this.#epochs.clear();
  }

  /** Refuses `removalPending` as `encrypt` does, and `tooLarge`. */
  async seal(live: Live, said: Omit<EphemeralContent, "leaf">): Promise<Bytes> {
    const { state, proposals } = live;
    if (proposals.length > 0) {
      const leaves = proposals.map(({ removes }) => removes);
      throw new Refusal("removalPending", "commit the pending removals first", { leaves });
    }
    const limit = LIMITS.ephemeralContentBytesMax;
    if (said.content.length > limit) {
      const data = { limitName: "ephemeralContentBytesMax", limit };
      throw new Refusal("tooLarge", "the content is too long", data);
    }
    const { group, epoch } = readContext(state.groupContext);
    const { secret } = await this.keep(live);
    const header = { group, epoch, salt: this.#crypto.random(saltLength) };
    const content = { ...said, leaf: state.privatePath.leafIndex };
    const payload = signEphemeral(header, content, (message) =>
      this.#crypto.sign(state.signaturePrivateKey, message),
    );
    const { key, nonce, aad } = this.#keyOf(secret, header);
    const plaintext = ephemeralPayloadCodec.encode(payload);
    const ciphertext = this.#crypto.aeadSeal(key, nonce, aad, plaintext);
    return ephemeralMessageCodec.encode({ ...header, ciphertext });
  }

  async open(live: Live, bytes: Bytes, clocks: EphemeralClocks): Promise<OpenedEphemeral> {
    const { ciphertext, ...header } = ephemeralMessageCodec.decode(bytes);
    const { group, epoch } = readContext(live.state.groupContext);
    if (header.group !== group) throw invalid("the message is of another group");
    const current = await this.keep(live);
    const epochKey = header.epoch === epoch ? current : this.#epochs.get(header.epoch);
    if (epochKey === undefined) {
      const text = "the message's epoch is not kept";
      throw new Refusal("wrongEpoch", text, { currentEpoch: epoch });
    }
    const { key, nonce, aad } = this.#keyOf(epochKey.secret, header);
    const plaintext = await refuseOn("invalidMessage", () =>
      this.#crypto.aeadOpen(key, nonce, aad, ciphertext),
    );
    const payload = ephemeralPayloadCodec.decode(plaintext);
    const { leaf, sentAt, mediaType, content } = payload;
    const { client, signatureKey } = senderOf(epochKey.tree, current.tree, leaf);
    const signed = verifyEphemeral(header, payload, signatureKey, (...args) =>
      this.#crypto.verify(...args),
    );
    if (!signed) throw invalid("the leaf has not signed this");
    this.#take(`${header.epoch} ${leaf} ${toHex(header.salt)}`, sentAt, clocks);
    return { leaf, client, epoch: header.epoch, sentAt, mediaType, content };
  }

  /** Each message counts once, and for as long as its times may differ (FED-854). */
  #take(name: string, sentAt: number, { acceptedAt, now }: EphemeralClocks): void {
    const { ephemeralAgeMs, ephemeralSkewMs } = LIMITS;
    if (Math.abs(acceptedAt - sentAt) > ephemeralAgeMs) throw invalid("the message is old");
    if (Math.abs(now - acceptedAt) > ephemeralSkewMs) throw invalid("the message comes late");
    for (const [earlier, until] of this.#seen) {
      if (until >= now) break;
      this.#seen.delete(earlier);
    }
    if (this.#seen.has(name)) throw invalid("the message has come before");
    if (this.#seen.size >= LIMITS.ephemeralSeenMax) throw invalid("too many messages come");
    this.#seen.set(name, now + 2 * (ephemeralAgeMs + ephemeralSkewMs));
  }

  #keyOf(secret: Bytes, header: EphemeralHeader): { key: Bytes; nonce: Bytes; aad: Bytes } {
    const aad = ephemeralHeaderCodec.encode(header);
    const { keyLength, nonceLength } = this.#crypto;
    const material = this.#crypto.hkdfExpand(secret, aad, keyLength + nonceLength);
    return { key: material.slice(0, keyLength), nonce: material.slice(keyLength), aad };
  }

  #export({ keySchedule }: ClientState): Promise<Bytes> {
    const cs = toTsMls(this.#crypto);
    const context = new Uint8Array();
    return mlsExporter(
      keySchedule.exporterSecret,
      LABELS.ephemeral,
      context,
      secretLength,
      cs,
    ).then((secret) => new Uint8Array(secret));
  }
}

/** The leaf of the message's epoch; one that has left since, or changed hands, says nothing. */
function senderOf(tree: RatchetTree, current: RatchetTree, leaf: number) {
  const then = leafAt(tree, leaf);
  const now = leafAt(current, leaf);
  if (then === undefined || now === undefined) throw invalid("the sender is no member");
  const sender = readLeaf(then);
  if (readLeaf(now).client !== sender.client) throw invalid("the sender is no member");
  return sender;
}

function invalid(message: string): Refusal {
  return new Refusal("invalidMessage", message);
}
