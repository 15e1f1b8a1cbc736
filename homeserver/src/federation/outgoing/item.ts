import {
  type Bytes,
  clientRevokedCodec,
  type ClientUri,
  type ConsentEntry,
  consentEntryCodec,
  entryDeliveryCodec,
  type Introduction,
  ITEM_KINDS,
  type RoomUri,
  type SignedHead,
  userDeletedCodec,
  type UserReset,
  userResetCodec,
  type UserUri,
  varintLength,
  type WelcomeDelivery,
} from "@treehouse/protocol";
import type { ItemForm, StoredRow } from "../store/index.ts";

/** What is sent to another server, durable with the transaction that adds it. */
export type OutboxItem =
  | {
      readonly kind: "entry";
      readonly room: RoomUri;
      readonly position: number;
      /** The entry as it is stored: nobody may change these octets any more. */
      readonly bytes: Bytes;
      readonly handshake: boolean;
      /** The head at this entry, with every commit. */
      readonly head?: SignedHead;
      /** The committer's for the epoch that begins with it. */
      readonly groupInfo?: Bytes;
      readonly welcomes?: readonly WelcomeDelivery[];
      readonly introduction?: Introduction;
    }
  | { readonly kind: "consent"; readonly entry: ConsentEntry }
  | { readonly kind: "userDeleted"; readonly user: UserUri; readonly deletedAt: number }
  | { readonly kind: "clientRevoked"; readonly client: ClientUri; readonly revokedAt: number }
  | ({ readonly kind: "userReset" } & UserReset);

/** An item as it is written into a batch: `entry` with its length, if there is one, then `rest`. */
export type Pending = {
  readonly sequence: number;
  readonly form: ItemForm;
  readonly room: RoomUri | undefined;
  readonly position: number;
  readonly addedAt: number;
  readonly entry: Uint8Array | undefined;
  readonly rest: Uint8Array;
};

type EntryItem = Extract<OutboxItem, { readonly kind: "entry" }>;

/** What follows an entry that comes alone. */
const alone: Uint8Array = restOf({ bytes: new Uint8Array(1) });

/** An item before it has a number. */
export type ItemBody = Pick<Pending, "form" | "room" | "position" | "entry" | "rest">;

export function bodyOf(item: OutboxItem): ItemBody {
  switch (item.kind) {
    case "entry": {
      const { room, position, bytes } = item;
      const form = hasParcel(item) ? "delivery" : "entry";
      const rest = form === "entry" ? alone : restOf(item);
      return { form, room, position, entry: bytes, rest };
    }
    case "consent":
      return ofNoRoom("consent", consentEntryCodec.encode(item.entry));
    case "userDeleted":
      return ofNoRoom("userDeleted", userDeletedCodec.encode(item));
    case "clientRevoked":
      return ofNoRoom("clientRevoked", clientRevokedCodec.encode(item));
    case "userReset":
      return ofNoRoom("userReset", userResetCodec.encode(item));
  }
}

/** What is attached to an item's row. */
export function attachedOf(form: ItemForm, rest: Uint8Array): Uint8Array | undefined {
  return form === "entry" ? undefined : rest;
}

/** What an item is that was read again: with its entry if it points to one, and what is attached. */
export function pendingOf({ body, ...pointer }: StoredRow, entry: Uint8Array | undefined): Pending {
  return { ...pointer, entry, rest: body ?? alone };
}

/** Stands in place of an item that is not here any more, so that the numbers have no gap. */
export function goneItem(sequence: number, addedAt: number): Pending {
  const nothing = { form: "gone", room: undefined, position: 0, entry: undefined } as const;
  return { ...nothing, sequence, addedAt, rest: new Uint8Array(0) };
}

/** Whether an item points to an entry that is stored elsewhere. */
export function isPointer(form: ItemForm): boolean {
  return form === "entry" || form === "delivery";
}

/** Whether the item brings the head at its entry. */
export function bringsHead({ form, rest }: Pick<Pending, "form" | "rest">): boolean {
  return form === "delivery" && rest[0] === 1;
}

export function kindOf(form: ItemForm): number {
  switch (form) {
    case "entry":
    case "delivery":
    case "tombstone":
      return ITEM_KINDS.entry;
    case "consent":
    case "userDeleted":
    case "clientRevoked":
    case "userReset":
    case "gone":
      return ITEM_KINDS[form];
  }
}

/** Octets of the body of the item, which has its length before it. */
export function bodyLength({ entry, rest }: Pick<Pending, "entry" | "rest">): number {
  return entry === undefined
    ? rest.length
    : varintLength(entry.length) + entry.length + rest.length;
}

/** Octets of the whole item in a batch: sequence, kind, and the body with its length. */
export function itemLength(item: Pick<Pending, "entry" | "rest">): number {
  const length = bodyLength(item);
  return 8 + 1 + varintLength(length) + length;
}

function hasParcel({ head, groupInfo, welcomes, introduction }: EntryItem): boolean {
  return (head ?? groupInfo ?? welcomes ?? introduction) !== undefined;
}

function restOf(
  item: Pick<EntryItem, "bytes" | "head" | "groupInfo" | "welcomes" | "introduction">,
): Uint8Array {
  const { bytes, head, groupInfo, welcomes = [], introduction } = item;
  const delivery = { entry: bytes, head, groupInfo, welcomes, introduction };
  const whole = entryDeliveryCodec.encode(delivery);
  // A copy: the view would keep the entry in memory a second time.
  return whole.slice(varintLength(bytes.length) + bytes.length);
}

function ofNoRoom(
  form: "consent" | "userDeleted" | "clientRevoked" | "userReset",
  rest: Uint8Array,
): ItemBody {
  return { form, room: undefined, position: 0, entry: undefined, rest };
}
