import {
  type Batch,
  batchCodec,
  type BatchItem,
  type Bytes,
  copyBytes,
  decodeEntry,
  DIRECTORY_PATH,
  directorySchema,
  encodeEntry,
  type HttpRequest,
  makeItem,
  parseDomain,
  parsePeerHeaders,
  parseSignature,
  peerRoutes,
  readItem,
  sha256,
  type SignedHead,
  signHead,
  signRequest,
  TOMBSTONE_REASONS,
  tombstoneFor,
  utf8Decode,
} from "@treehouse/protocol";
import type { Door } from "./door.ts";
import { spoiled } from "./hostile.ts";
import { lightSign } from "./light-crypto.ts";
import { OtherHistory } from "./other-history.ts";
import type { SimWorld } from "./sim-world.ts";

type LyingHubOptions = {
  readonly world: SimWorld;
  /** The domain of the hub. */
  readonly hub: string;
  /** The server that it lies to. */
  readonly to: string;
  readonly door: Door;
  /** Of the room whose hub it is. */
  readonly hubKey: Bytes;
};

const lies = ["altered", "forged", "replaced", "left out", "swapped", "head"] as const;

/**
 * A hub that tells one other server something else than everybody else, and signs it: a message or a
 * commit is altered, a tombstone stands in its place, it never comes, comes before the one that it
 * follows, or a head says that the log is another one. In some seeds it keeps up what it has altered: the
 * server is told another history from there on, which follows upon itself. It has the keys because those
 * of the light tier are no secret.
 */
export class LyingHub {
  readonly #world: SimWorld;
  readonly #hub: string;
  /** The server that it lies to. */
  readonly to: string;
  readonly #requestKey: Bytes;
  readonly #hubKey: Bytes;
  readonly #history: OtherHistory;

  private constructor({ world, hub, to, hubKey }: LyingHubOptions, requestKey: Bytes) {
    this.#world = world;
    this.#hub = hub;
    this.to = to;
    this.#hubKey = hubKey;
    this.#requestKey = requestKey;
    this.#history = new OtherHistory((head) => this.#signedHead(head));
  }

  static async open(options: LyingHubOptions): Promise<LyingHub> {
    const url = `https://${options.hub}${DIRECTORY_PATH}`;
    const { body } = await options.door.exchange({
      method: "GET",
      url,
      timeoutMs: 1_000,
      responseBytesMax: 1_000_000,
    });
    const [key] = directorySchema.parse(JSON.parse(utf8Decode(body))).keys;
    if (key === undefined) throw new Error("the hub has no key");
    return new LyingHub(options, key.x);
  }

  /** What is sent in the place of a request. */
  tell(from: string, request: HttpRequest): HttpRequest {
    const { pathname, hostname } = new URL(request.url);
    if (from !== this.#hub || hostname !== this.to || pathname !== peerRoutes.notify)
      return request;
    const random = this.#world.random("hub lies");
    const isLie = random.chance(this.#world.faults.hubLies) && !this.#world.calm;
    const kinds = this.#world.faults.hubKeepsUp ? keptUp : lies;
    const lie = kinds[random.integer(0, lies.length - 1) % kinds.length];
    const [which, place] = [random.fraction(), random.fraction()];
    if (lie === undefined || request.body === undefined) return request;
    const batch = batchCodec.decode(request.body);
    const lied = isLie ? this.#lie(batch, { lie, which, place }) : undefined;
    if (lied !== undefined) {
      this.#world.probe(`hub lies: ${lie}`);
      this.#world.probe("hub lied");
      this.#world.note(`${this.#hub} lies to ${this.to}: ${lie}`);
    }
    const told = this.#keepsUp() ? this.#history.tell(batch, lied) : lied;
    if (told === undefined) return request;
    if (lied === undefined) this.#world.probe("hub keeps up a lie");
    return this.#signed(request, batchCodec.encode(told));
  }

  /** Until everything is to be well. */
  #keepsUp(): boolean {
    return this.#world.faults.hubKeepsUp && !this.#world.calm;
  }

  #lie(batch: Batch, { lie, which, place }: LieTold): Batch | undefined {
    return lie === "head" ? this.#otherHead(batch, place) : altered(batch, { lie, which, place });
  }

  #otherHead(batch: Batch, place: number): Batch | undefined {
    const [first, ...heads] = batch.heads;
    if (first === undefined) return undefined;
    const signed = this.#signedHead({ ...first.head, hash: spoiled(first.head.hash, place) });
    return { ...batch, heads: [signed, ...heads] };
  }

  #signedHead(head: SignedHead["head"]): SignedHead {
    return signHead(head, (message) => lightSign(this.#hubKey, message));
  }

  #signed(request: HttpRequest, body: Bytes): HttpRequest {
    const headers = request.headers ?? {};
    const { from, transactionId } = parsePeerHeaders(headers);
    const { signature: _, ...parameters } = parseSignature(headers);
    const { pathname, hostname } = new URL(request.url);
    const signed = signRequest(
      {
        method: request.method,
        authority: parseDomain(hostname),
        path: pathname,
        from,
        digest: sha256(body),
        transactionId,
      },
      parameters,
      (message) => lightSign(this.#requestKey, message),
    );
    return { ...request, headers: { ...headers, ...signed }, body: copyBytes(body) };
  }
}

type Lie = (typeof lies)[number];
/** Of others an entry does not come, or what stands behind it is what it was. */
const keptUp: readonly Lie[] = ["altered", "forged"];

type LieTold<L extends Lie = Lie> = {
  readonly lie: L;
  /** Of the items, and within one: 0 is the beginning and 1 the end. */
  readonly which: number;
  readonly place: number;
};

/** Undefined where there is nothing to be lied about in this way. */
function altered(
  batch: Batch,
  { lie, which, place }: LieTold<Exclude<Lie, "head">>,
): Batch | undefined {
  const index = Math.floor(which * batch.items.length);
  const [item, next] = batch.items.slice(index);
  if (item === undefined) return undefined;
  const body = readItem(item);
  if (body.kind !== "entry") return undefined;
  const { sequence } = item;
  const entry = decodeEntry(body.entry);
  const withItems = (...items: readonly BatchItem[]): Batch => ({
    ...batch,
    items: batch.items.toSpliced(index, items.length, ...items),
  });
  switch (lie) {
    case "altered": {
      if (entry.kind !== "application") return undefined;
      // In the second half, where the ciphertext is: what stands before it anybody can check.
      // Another bit than garbage has, or the two of them would make a message that nobody sent.
      const message = spoiled(entry.message, 0.5 + place / 2, 2);
      const other = encodeEntry({ ...entry, message });
      return withItems(makeItem(sequence, { ...body, entry: other }));
    }
    case "forged": {
      if (entry.kind !== "commit") return undefined;
      const other = encodeEntry({ ...entry, commit: spoiled(entry.commit, place, 2) });
      return withItems(makeItem(sequence, { ...body, entry: other }));
    }
    case "replaced": {
      const stone = tombstoneFor(body.entry, TOMBSTONE_REASONS.expired);
      const nothing = {
        head: undefined,
        groupInfo: undefined,
        welcomes: [],
        introduction: undefined,
      };
      return withItems(makeItem(sequence, { kind: "entry", entry: stone, ...nothing }));
    }
    case "left out":
      return withItems(makeItem(sequence, { kind: "gone" }));
    case "swapped": {
      if (next === undefined) return undefined;
      return withItems({ ...next, sequence }, { ...item, sequence: next.sequence });
    }
  }
}
