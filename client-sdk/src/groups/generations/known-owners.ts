import {
  claimantsOf,
  type ClientUri,
  endorsersNeeded,
  fromBase64Url,
  type GenerationClaim,
  parseClientUri,
  type RoomUri,
  toBase64Url,
  userOfClient,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";
import { z } from "zod";

import type { LocalTx } from "../../storage/index.ts";
import type { FormerGroup } from "../rejoining/index.ts";

const place = (room: RoomUri) => `owners ${room}`;
const ownersSchema = z.object({
  group: z.string(),
  needed: z.number(),
  keys: z.array(z.tuple([z.string(), z.string()])),
});

/** Who could agree, in a group that is over, to what follows it where its hub is gone. */
export type KnownOwners = {
  readonly group: string;
  readonly needed: number;
  readonly keys: ReadonlyMap<ClientUri, Uint8Array<ArrayBuffer>>;
};

/** Of the first of several groups that are said to follow the same one. */
export function noteOwners(tx: LocalTx, room: RoomUri, { group, view, keys }: FormerGroup): void {
  const claim: Pick<GenerationClaim, "reason" | "formerHub"> = {
    reason: "hubGone",
    formerHub: view.state.hub,
  };
  const claimants = new Set(claimantsOf(view, claim));
  const own = [...keys].filter(([client]) => claimants.has(userOfClient(client)));
  const known = ownersOf(tx, room);
  if (known?.group === view.state.predecessor?.claim.previous && known !== undefined) return;
  const noted = {
    group,
    needed: endorsersNeeded(view, claim),
    keys: own.map(([client, key]) => [client, toBase64Url(key)]),
  };
  tx.settings.put(place(room), utf8Encode(JSON.stringify(noted)));
}

export function ownersOf(tx: LocalTx, room: RoomUri): KnownOwners | undefined {
  const stored = tx.settings.get(place(room));
  if (stored === undefined) return undefined;
  const { group, needed, keys } = ownersSchema.parse(JSON.parse(utf8Decode(stored)));
  return {
    group,
    needed,
    keys: new Map(keys.map(([client, key]) => [parseClientUri(client), fromBase64Url(key)])),
  };
}
