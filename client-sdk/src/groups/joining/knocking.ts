import {
  type Bytes,
  joinLinkKey,
  type Knock,
  leafIdentityCodec,
  LIMITS,
  Refusal,
  type RoomLink,
  type RoomUri,
  signKnock,
} from "@treehouse/protocol";

import type { GroupsContext } from "../room/index.ts";
import { askGroupInfo } from "../rejoining/index.ts";
import {
  deleteOwnKnock,
  ownKnocks,
  type OwnKnock,
  readOwnKnock,
  writeOwnKnock,
} from "./own-knocks.ts";

export interface Knocking {
  /**
   * Asks those in a room to be let in, or comes in if that was done. `waiting`: nobody has answered yet;
   * from time to time, and at the next call, it is looked again. Refuses `notMember` where nobody knocks,
   * and `banned`.
   */
  knock(at: RoomLink): Promise<"waiting" | "joined">;
  /**
   * Asks no more: those in the room see the knock no longer, and admitting lets nobody in. Refuses
   * `notFound` where this client has not knocked.
   */
  withdrawKnock(at: RoomLink): Promise<void>;
}

/** How often it is looked whether somebody has admitted this client. */
const lookAgainMs = 180_000;

export function createKnocking(
  context: GroupsContext,
  join: (link: RoomLink) => Promise<void>,
): Knocking {
  const { store, member, env } = context;
  const looking = context.alarms.create();

  /** Admitted means that the room has a link with the key of this client's knock. */
  const tryToComeIn = async (room: RoomUri, knock: OwnKnock): Promise<"waiting" | "joined"> => {
    try {
      await join({ room, seed: knock.seed, metadataKey: knock.metadataKey });
    } catch (error) {
      if (error instanceof Refusal && error.code === "linkInvalid") return "waiting";
      if (error instanceof Refusal) await store.transaction((tx) => deleteOwnKnock(tx, room));
      throw error;
    }
    await store.transaction((tx) => deleteOwnKnock(tx, room));
    return "joined";
  };
  const look = async (): Promise<void> => {
    const waiting = await store.transaction((tx) =>
      ownKnocks(tx).map((room) => ({ room, knock: readOwnKnock(tx, room) })),
    );
    for (const { room, knock } of waiting) {
      if (knock === undefined) continue;
      if (knock.at + 2 * LIMITS.knockKeptMs <= env.now()) {
        await store.transaction((tx) => deleteOwnKnock(tx, room));
      } else if (context.link.live()) {
        await tryToComeIn(room, knock).catch((error: unknown) => {
          env.log.warn("knock.ended", { error: String(error) });
        });
      }
    }
  };
  const lookLater = (): void => {
    looking.set(lookAgainMs, () => {
      look()
        .then(async () => {
          const left = await store.transaction((tx) => ownKnocks(tx).length);
          if (left > 0) lookLater();
        })
        .catch((error: unknown) => {
          env.log.warn("knock.notLookedAt", { error: String(error) });
        });
    });
  };
  store
    .transaction((tx) => ownKnocks(tx).length)
    .then((count) => {
      if (count > 0) lookLater();
    })
    .catch((error: unknown) => {
      env.log.warn("knock.notLookedAt", { error: String(error) });
    });

  return {
    async knock({ room, metadataKey }) {
      const known = await store.transaction((tx) => readOwnKnock(tx, room));
      if (known !== undefined) {
        const outcome = await tryToComeIn(room, known);
        if (outcome === "joined" || known.at + LIMITS.knockKeptMs > env.now()) return outcome;
      }
      const seed = known?.seed ?? env.random(32);
      const key = member.crypto.ed25519PublicKey(joinLinkKey(seed));
      // Durable first: whoever is admitted must have the seed.
      await store.transaction((tx) => {
        const own = { seed, metadataKey: metadataKey ?? known?.metadataKey, at: env.now() };
        writeOwnKnock(tx, room, own);
      });
      try {
        const knock = ownKnock(context, room, "asks", key);
        const { answer } = await askGroupInfo(context, room, () => knock);
        if (answer.status === "noSuchRoom") throw new Refusal("unknownRoom", "no such room");
      } catch (error) {
        await store.transaction((tx) => deleteOwnKnock(tx, room));
        throw error;
      }
      lookLater();
      return "waiting";
    },
    async withdrawKnock({ room }) {
      const known = await store.transaction((tx) => readOwnKnock(tx, room));
      if (known === undefined) throw new Refusal("notFound", "this client has not knocked there");
      const key = member.crypto.ed25519PublicKey(joinLinkKey(known.seed));
      const knock = ownKnock(context, room, "withdraws", key);
      await askGroupInfo(context, room, () => knock);
      await store.transaction((tx) => deleteOwnKnock(tx, room));
    },
  };
}

/** Signed by this client, under its user's identity: nobody else knocks in that name (FED-1097). */
function ownKnock(
  { member: { crypto }, identity, env }: GroupsContext,
  room: RoomUri,
  act: Knock["act"],
  key: Bytes,
): Bytes {
  const { leafIdentity, signaturePrivateKey } = identity;
  const knock = { act, key, at: env.now(), identity: leafIdentityCodec.decode(leafIdentity) };
  return signKnock(room, knock, (message) => crypto.sign(signaturePrivateKey, message));
}
