import { batchAnswerCodec, batchCodec, makeItem } from "@treehouse/protocol";
import type { BatchAnswer, Bytes, ItemBody, SignedHead } from "@treehouse/protocol";
import { random } from "../clients/person.ts";
import { agree } from "../outcome.ts";
import type { PeerServer } from "./server.ts";

/** What one of the suite's servers sends to the tested one, from 1 under one incarnation. */
export class OutgoingStream {
  readonly incarnation: Bytes = random(16);
  /** The sequence of the next item. */
  next = 1;
  readonly #peer: PeerServer;

  constructor(peer: PeerServer) {
    this.#peer = peer;
  }

  /** An encoded batch that begins with that sequence; nothing is sent. */
  batch(
    bodies: readonly ItemBody[],
    options: { readonly first?: number; readonly heads?: readonly SignedHead[] } = {},
  ): Bytes {
    const { first = this.next, heads = [] } = options;
    const items = bodies.map((body, at) => makeItem(first + at, body));
    return batchCodec.encode({ incarnation: this.incarnation, items, heads });
  }

  /** Sends items and fails unless all are taken, in the sense that the stream has moved on. */
  async deliver(
    bodies: readonly ItemBody[],
    heads: readonly SignedHead[] = [],
  ): Promise<BatchAnswer> {
    const answer = await this.send(this.batch(bodies, { heads }));
    this.next += bodies.length;
    agree("`next` after a batch", answer.next, this.next);
    return answer;
  }

  /** The codes with which items of a delivery are rejected, by their place in it. */
  async verdicts(
    bodies: readonly ItemBody[],
    heads: readonly SignedHead[] = [],
  ): Promise<readonly (string | undefined)[]> {
    const first = this.next;
    const { rejected } = await this.deliver(bodies, heads);
    return bodies.map((_, at) => rejected.find(({ sequence }) => sequence === first + at)?.code);
  }

  /** Asks where the other side stands, if it answers, and goes on from there. */
  async recover(): Promise<void> {
    const answer = await this.#peer.ask({ endpoint: "notify", body: this.batch([]) });
    if (answer.succeeded) this.next = batchAnswerCodec.decode(answer.body).next;
  }

  /** Sends an encoded batch of this stream, which must be answered. */
  async send(body: Bytes): Promise<BatchAnswer> {
    const answer = await this.#peer.ask({ endpoint: "notify", body });
    const decoded = answer.struct("a batch", batchAnswerCodec);
    agree("the incarnation of a BatchAnswer", decoded.incarnation, this.incarnation);
    return decoded;
  }
}
