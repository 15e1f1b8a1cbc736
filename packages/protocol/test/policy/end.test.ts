import { describe, expect, it } from "vitest";
import type { RoomChange, RoomView } from "../../src/policy/index.ts";
import { encodeRoomEnd, ROOM_END_COMPONENT, type RoomState } from "../../src/room/index.ts";
import { add, anna, decide, direct, edit, group, mia, olga, remove, zoe } from "./house.ts";

const end = { component: ROOM_END_COMPONENT, data: encodeRoomEnd() };
const ended = (state: RoomState): RoomState => ({
  ...state,
  otherComponents: [...state.otherComponents, end],
});
const ending = (view: RoomView, part: Partial<RoomState> = {}): RoomChange =>
  edit(view, ended({ ...view.state, ...part }));

describe("FED-1150 the end of a room", () => {
  it("is an owner's act, or of both in a pair, and nobody else's", () => {
    expect(decide(group, olga, ending(group))).toBe("allowed");
    expect(decide(group, anna, ending(group))).toBe("notAllowed");
    expect(decide(group, mia, ending(group))).toBe("notAllowed");
    expect(decide(group, zoe, ending(group))).toBe("notMember");
    expect(decide(direct, mia, ending(direct))).toBe("allowed");
  });

  it("comes alone, but for removals that are due", () => {
    const change = ending(group);
    expect(decide(group, olga, { ...add(zoe), stateAfter: change.stateAfter })).toBe(
      "invalidCommit",
    );
    const removed = remove(group, 5);
    const withRemoval = { ...change, removed: removed.removed };
    expect(decide(group, olga, withRemoval)).toBe("invalidCommit");
    expect(decide(group, olga, { ...withRemoval, pendingRemovals: [5] })).toBe("allowed");
    const metadata = Uint8Array.of(1);
    expect(decide(group, olga, ending(group, { metadata }))).toBe("invalidCommit");
    const assignments = group.state.assignments.slice(1);
    expect(decide(group, olga, ending(group, { assignments }))).toBe("invalidCommit");
  });

  it("is for good: nothing comes after it, and nobody in", () => {
    const over = { ...group, state: ended(group.state) };
    expect(decide(over, olga, edit(over, group.state))).toBe("notAllowed");
    expect(decide(over, olga, add(zoe))).toBe("notAllowed");
    expect(decide(over, olga, remove(over, 5))).toBe("notAllowed");
  });
});
