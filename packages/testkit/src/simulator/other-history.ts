import {
  type Batch,
  type BatchItem,
  type Bytes,
  chainHashOf,
  decodeEntry,
  encodeEntry,
  type Entry,
  makeItem,
  readItem,
  type SignedHead,
} from "@treehouse/protocol";

type Told = { readonly bytes: Bytes; readonly hash: Bytes };

/**
 * A log as one server is told it: from the first lie on each entry names the told one before it, and
 * heads are of what was told. Whoever has no other word of it finds nothing wrong.
 */
export class OtherHistory {
  readonly #sign: (head: SignedHead["head"]) => SignedHead;
  readonly #told = new Map<string, Told>();

  constructor(sign: (head: SignedHead["head"]) => SignedHead) {
    this.#sign = sign;
  }

  /** What is told in the place of a batch, of which this is the lie; the truth while there was none. */
  tell(truth: Batch, lie: Batch | undefined): Batch | undefined {
    if (lie === undefined && this.#told.size === 0) return undefined;
    const items = truth.items.map((item, index) => this.#item(item, lie?.items[index]));
    return { ...truth, items, heads: truth.heads.map((head) => this.#head(head)) };
  }

  #item(item: BatchItem, lie: BatchItem | undefined): BatchItem {
    const body = readItem(item);
    if (body.kind !== "entry") return item;
    const entry = decodeEntry(body.entry);
    const instead = lie === undefined ? undefined : readItem(lie);
    const told = this.#entry(entry, instead?.kind === "entry" ? instead.entry : body.entry);
    if (told === undefined) return item;
    const head = body.head && this.#head(body.head);
    return makeItem(item.sequence, { ...body, entry: told.bytes, head });
  }

  /** As it was told before, or else upon what was told before it; undefined where that is the truth. */
  #entry(entry: Entry, bytes: Bytes): Told | undefined {
    const place = placeOf(entry);
    const known = this.#told.get(place);
    if (known !== undefined) return known;
    const before = this.#told.get(placeOf({ ...entry, position: entry.position - 1 }));
    const isLie = !Buffer.from(bytes).equals(encodeEntry(entry));
    if (before === undefined && !isLie) return undefined;
    const other = { ...decodeEntry(bytes), previous: before?.hash ?? entry.previous };
    const octets = encodeEntry(other);
    const told = { bytes: octets, hash: chainHashOf(other, octets) };
    this.#told.set(place, told);
    return told;
  }

  #head(signed: SignedHead): SignedHead {
    const told = this.#told.get(placeOf(signed.head));
    return told === undefined ? signed : this.#sign({ ...signed.head, hash: told.hash });
  }
}

function placeOf({ room, position }: Pick<Entry, "room" | "position">): string {
  return `${position} ${room}`;
}
