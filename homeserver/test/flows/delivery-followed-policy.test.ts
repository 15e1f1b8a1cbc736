import { decodeRoomState, encodeRoomState, ROLES, userTag } from "@treehouse/protocol";
import type { RoomState } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startPair } from "../delivery/pair.ts";
import type { Pair } from "../delivery/pair.ts";
import type { Answer } from "../delivery/person.ts";
import type { Seat } from "../delivery/seat.ts";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});

afterEach(() => pair[Symbol.asyncDispose]());

const salt = new Uint8Array(16);

/** Alice, who owns the room at the hub, changes its state, and Bob's server follows. */
async function agree(a: Seat, b: Seat, part: Partial<RoomState>): Promise<void> {
  const state = decodeRoomState(a.group.roomState());
  await a.commit({ roomState: encodeRoomState({ ...state, ...part }) });
  await pair.servers.flush();
  await b.sync();
}

/** What the own server says by itself: the hub cannot be asked meanwhile. */
async function alone(act: () => Promise<Answer>): Promise<string | undefined> {
  pair.servers.cut = true;
  try {
    return (await act()).refusal?.code;
  } finally {
    pair.servers.cut = false;
  }
}

async function tries(b: Seat, change: Parameters<Seat["prepare"]>[0]): Promise<string | undefined> {
  const bundle = b.bundle(await b.prepare(change));
  const code = await alone(() => b.update(bundle));
  await b.group.discard();
  return code;
}

test("R-064 R-074 FED-756 a follower refuses its own users' forbidden commits without asking the hub", async () => {
  const [a, b] = await pair.openRoom();
  const { alice, bob } = pair;
  const state = decodeRoomState(b.group.roomState());
  const wish = (part: Partial<RoomState>) => ({
    roomState: encodeRoomState({ ...state, ...part }),
  });
  const owns = [...state.assignments, { user: bob.user, role: ROLES.owner }];
  const assignments = owns.toSorted((x, y) => (x.user < y.user ? -1 : 1));
  const banned = { salt, banned: [userTag(salt, alice.user)], muted: [] };
  const forbidden = [
    wish({ assignments }),
    wish({ metadata: Uint8Array.of(1) }),
    wish({ defaultRole: ROLES.admin }),
    wish({ basePolicy: { ...state.basePolicy, maxUsers: 2 } }),
    {
      ...wish({ sanctions: banned, assignments: [{ user: bob.user, role: ROLES.owner }] }),
      remove: [0],
    },
  ];
  const codes: (string | undefined)[] = [];
  for (const one of forbidden) codes.push(await tries(b, one));
  expect(codes).toEqual(forbidden.map(() => "notAllowed"));
  // What the rules allow reaches the hub, or would if it could be asked.
  expect(await tries(b, {})).toBe("internal");
  expect((await b.update(b.bundle(await b.prepare({})))).refusal).toBeUndefined();
  await a.sync();
  await agree(a, b, { assignments });
  expect(await tries(b, wish({ assignments, metadata: Uint8Array.of(1) }))).toBe("internal");
});

test("R-075 R-077 FED-755 FED-757 it refuses what muted users of its own say, and a ban holds", async () => {
  const [a, b] = await pair.openRoom();
  const { bob } = pair;
  const tag = userTag(salt, bob.user);
  const before = await b.seal("of before");
  await agree(a, b, { sanctions: { salt, banned: [], muted: [{ user: tag, until: undefined }] } });
  const muted = await b.seal("muted");
  expect(await alone(() => b.submit(muted))).toBe("muted");
  // Of an epoch before only the hub knows what it has answered.
  expect(await alone(() => b.submit(before))).toBe("internal");
  await agree(a, b, { sanctions: undefined });
  expect((await b.submit(await b.seal("speaks"))).refusal).toBeUndefined();
  const copy = await b.copy();
  const state = decodeRoomState(a.group.roomState());
  const sanctions = { salt, banned: [tag], muted: [] };
  await a.sync();
  await a.commit({
    remove: [b.group.ownLeaf],
    roomState: encodeRoomState({ ...state, sanctions }),
  });
  await pair.servers.flush();
  const answer = await b.submit(await b.seal("still here?", copy));
  expect(answer.refusal?.code).toBe("notMember");
});
