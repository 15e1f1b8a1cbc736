import { describe, expect, test } from "vitest";

import {
  compareClaims,
  firstPositionOf,
  groupUriOf,
  mintClientUri,
  mintRoomUri,
  parseDomain,
  parseUserUri,
} from "../index.ts";
import type { GenerationClaim, Predecessor, RoomState, RoomView, UserUri } from "../index.ts";
import {
  authorize,
  authorizeGeneration,
  nextGeneration,
  ROLES,
  roomView,
  settle,
} from "./index.ts";
import { template } from "./index.ts";

const [here, there] = [parseDomain("here.test"), parseDomain("there.test")];
const zeros = (length: number) => new Uint8Array(length);
const room = mintRoomUri(here, zeros);
const olga = parseUserUri("mimi://here.test/u/olga");
const [omar, oda] = [named("omar"), named("oda")];
const [mia, zoe] = [named("mia"), named("zoe")];
const clientOf = (user: UserUri) => mintClientUri(user, zeros);
const hubKey = zeros(32).fill(1);

function named(name: string): UserUri {
  return parseUserUri(`mimi://there.test/u/${name}`);
}

const state: RoomState = {
  ...template("group", { founder: olga, hub: here, term: 3, hubKey }),
  assignments: [olga, omar, oda]
    .map((user) => ({ user, role: ROLES.owner }))
    .toSorted((a, b) => (a.user < b.user ? -1 : 1)),
};
const view = roomView(
  state,
  [olga, omar, oda, mia].map((user, leaf) => ({ leaf, client: clientOf(user) })),
);
const reset: GenerationClaim = {
  previous: groupUriOf(room, 0),
  epoch: 7,
  transcript: zeros(32),
  position: 9,
  hash: zeros(32),
  formerHub: here,
  hub: here,
  hubKey,
  term: 3,
  reason: "reset",
};
const gone: GenerationClaim = {
  ...reset,
  hub: there,
  hubKey: zeros(32),
  term: 4,
  reason: "hubGone",
};

/** The state that follows when these say it, the first of whom begins. */
function next(
  claim: GenerationClaim,
  users: readonly UserUri[],
  before: RoomView = view,
): RoomState {
  const endorsements = users
    .map((user) => ({ client: clientOf(user), signature: zeros(64) }))
    .toSorted((a, b) => (a.client < b.client ? -1 : 1));
  return nextGeneration(before, { claim, endorsements }, users[0] ?? olga);
}

function verdictOn(after: RoomState, founder: UserUri, before: RoomView = view): string {
  const verdict = authorizeGeneration(before, after, clientOf(founder));
  return verdict.allowed ? "allowed" : verdict.code;
}

const changed = (after: RoomState, change: Partial<RoomState>): RoomState => ({
  ...after,
  ...change,
});
const claiming = (claim: Partial<GenerationClaim>, users = [olga]) =>
  next({ ...reset, ...claim }, users);
const { predecessor, ...first } = next(reset, [olga]);
const marked = (returning: Predecessor["returning"]): RoomState => ({
  ...first,
  ...(predecessor && { predecessor: { ...predecessor, returning } }),
});

describe("FED-1131 a generation begins", () => {
  test.each([
    ["by one owner at the same hub", next(reset, [omar]), omar, "allowed"],
    ["by no member who is no owner", next(reset, [mia]), mia, "ownersMissing"],
    ["by nobody from outside", next(reset, [zoe]), zoe, "ownersMissing"],
    ["by no other than who has said so", next(reset, [omar]), olga, "claimInvalid"],
    [
      "elsewhere by most owners who are not the former hub's",
      next(gone, [omar, oda]),
      omar,
      "allowed",
    ],
    ["elsewhere by no half of them", next(gone, [omar]), omar, "ownersMissing"],
    ["elsewhere by nobody of the former hub", next(gone, [olga, omar]), olga, "ownersMissing"],
    ["with the former hub's owner not counted", next(gone, [omar, olga]), omar, "ownersMissing"],
    ["with members not counted", next(gone, [omar, mia]), omar, "ownersMissing"],
    ["in no higher term at the same hub", claiming({ term: 4 }), olga, "claimInvalid"],
    ["under no other key at the same hub", claiming({ hubKey: zeros(32) }), olga, "claimInvalid"],
    ["in no such term elsewhere", next({ ...gone, term: 3 }, [omar, oda]), omar, "claimInvalid"],
    ["1024 terms on", next({ ...gone, term: 3 + 1024 }, [omar, oda]), omar, "allowed"],
    ["no further on", next({ ...gone, term: 4 + 1024 }, [omar, oda]), omar, "claimInvalid"],
    ["from no other hub", claiming({ formerHub: there }), olga, "claimInvalid"],
    [
      "with no role for somebody",
      changed(next(reset, [olga]), { assignments: [] }),
      olga,
      "claimInvalid",
    ],
    ["with no mark less", marked([]), olga, "claimInvalid"],
    ["with something before it", state, olga, "claimInvalid"],
  ])("%s", (_name, after, founder, expected) => {
    expect(verdictOn(after, founder)).toBe(expected);
  });

  test("FED-1133 twice in a row: who has not come back keeps role and mark", () => {
    const alone = roomView(next(reset, [olga]), [{ leaf: 0, client: clientOf(olga) }]);
    expect(settle(alone)).toBeUndefined();
    const again = next({ ...reset, previous: groupUriOf(room, 1), epoch: 0 }, [olga], alone);
    expect(verdictOn(again, olga, alone)).toBe("allowed");
    expect(again.predecessor?.returning).toEqual(predecessor?.returning);
    expect(again.assignments).toEqual(state.assignments);
  });
});

test("FED-1132 of two claims one counts, wherever which came first", () => {
  const later = { ...gone, term: 5 };
  const other = { ...gone, hubKey: zeros(32).fill(9) };
  expect(compareClaims(later, gone)).toBeGreaterThan(0);
  expect(compareClaims(gone, later)).toBeLessThan(0);
  expect(Math.sign(compareClaims(gone, other))).toBe(-Math.sign(compareClaims(other, gone)));
  expect(compareClaims(gone, other)).not.toBe(0);
  // Behind all that the former hub can have given, and behind the other one's log.
  expect(firstPositionOf(gone, 3)).toBeGreaterThan(gone.position + 2 ** 32);
  expect(firstPositionOf(later, 3)).toBeGreaterThan(firstPositionOf(gone, 3));
});

describe("FED-1133 while somebody has not come back", () => {
  const back = roomView(
    next(reset, [olga]),
    [olga, mia].map((user, leaf) => ({ leaf, client: clientOf(user) })),
  );
  const by = (user: UserUri, stateAfter: RoomState | undefined, added: readonly UserUri[] = []) => {
    const verdict = authorize(
      back,
      { kind: "member", user },
      {
        added: added.map((one) => ({
          user: one,
          client: clientOf(one),
        })),
        removed: [],
        stateAfter,
        pendingRemovals: [],
      },
    );
    return verdict.allowed ? "allowed" : verdict.code;
  };
  const without = (...users: readonly UserUri[]): RoomState => {
    const kept = roomView(
      state,
      [omar, oda, mia]
        .filter((user) => !users.includes(user))
        .map((user, leaf) => ({ leaf, client: clientOf(user) })),
    );
    const left = nextGeneration(kept, { claim: reset, endorsements: [] }, olga).predecessor;
    const after = marked(left?.returning ?? []);
    return settle({ ...back, state: after }) ?? after;
  };
  const role = (user: UserUri, to: number): RoomState => ({
    ...back.state,
    assignments: back.state.assignments.map((one) =>
      one.user === user ? { user, role: to } : one,
    ),
  });

  test.each([
    ["a member brings in an owner, who is one", by(mia, undefined, [omar]), "allowed"],
    ["a member brings in nobody else", by(mia, undefined, [zoe]), "notAllowed"],
    ["a member takes off the mark of who is there", by(mia, without(mia)), "allowed"],
    ["a member locks out nobody", by(mia, without(omar)), "notAllowed"],
    ["a member raises nobody who is away", by(mia, role(omar, ROLES.admin)), "notAllowed"],
    ["an owner takes no other owner's way back", by(olga, without(oda)), "notAllowed"],
  ])("%s", (_name, verdict, expected) => {
    expect(verdict).toBe(expected);
  });
});
