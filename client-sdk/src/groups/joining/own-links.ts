import { type Bytes, fixed, LIMITS, type RoomUri, struct, vector } from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";

/** The seeds of the links that this client has made in a room: nobody else but their bearers has them. */
export type OwnLink = { readonly key: Bytes; readonly seed: Bytes };

const linksCodec = vector(struct<OwnLink>({ key: fixed(32), seed: fixed(32) }), {
  countMax: 2 * LIMITS.joinLinksMax,
});

const place = (room: RoomUri) => `links ${room}`;

export function readOwnLinks(tx: LocalTx, room: RoomUri): readonly OwnLink[] {
  const stored = tx.settings.get(place(room));
  return stored === undefined ? [] : linksCodec.decode(stored);
}

/** The oldest go when there are too many: by then they are revoked or over. */
export function addOwnLink(tx: LocalTx, room: RoomUri, link: OwnLink): void {
  const links = [...readOwnLinks(tx, room), link].slice(-2 * LIMITS.joinLinksMax);
  tx.settings.put(place(room), linksCodec.encode(links));
}
