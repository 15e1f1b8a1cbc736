import { parseRoomUri } from "@treehouse/protocol";
import { expect, test } from "vitest";

import type { RoomHealth } from "../events/index.ts";
import { checkConversations, explainHealth } from "./explain-health.ts";

const id = parseRoomUri("mimi://example.org/r/aaaaaaaaaaaaaaaaaaaaaaaaaa");
const of = (health: RoomHealth, status = "joined") => ({
  id,
  name: "Tea",
  ownName: undefined,
  status,
  health,
});

/** Every state but `ok`, whether it warns, and what its words must have. */
const states: readonly (readonly [RoomHealth, "ok" | "warning", RegExp, RegExp])[] = [
  [{ state: "catchingUp" }, "ok", /still to come/, /^$/],
  [{ state: "checking" }, "warning", /cannot be applied here/, /comes in anew/],
  [{ state: "rejoining" }, "warning", /comes back in with new keys/, /Keep it connected/],
  [{ state: "suspended", until: 0 }, "warning", /until 1970-01-01T00:00:00/, /update/],
  [{ state: "forkSuspected" }, "warning", /another continuation/, /safety number/],
  [{ state: "forked" }, "warning", /contradicts/, /another server/],
  [{ state: "paused", reason: "It waits." }, "warning", /^It waits\.$/, /Update this program/],
  [{ state: "refused", reason: "No." }, "warning", /rules forbid.*: No\.$/, /reset/],
  [{ state: "deleted" }, "ok", /ended the conversation for everybody/, /Forget/],
];

test.each(states)(
  "of %o a user is told what it means and what to do",
  (health, result, says, fix) => {
    const told = explainHealth(health);
    expect(told?.text).toMatch(says);
    expect(told?.fix).toMatch(fix);
    expect(checkConversations([of({ state: "ok" }), of(health)])).toEqual([
      { name: "conversation Tea", conversation: id, result, ...told },
    ]);
  },
);

test("conversations that are well have one line together", () => {
  expect(explainHealth({ state: "ok" })).toBeUndefined();
  expect(checkConversations([of({ state: "ok" }), of({ state: "ok" })])).toEqual([
    { name: "conversations", result: "ok", text: "all 2 are well", fix: "" },
  ]);
  // Who was removed, or set back by a restore, is not told that all is well there.
  expect(checkConversations([of({ state: "ok" }), of({ state: "ok" }, "removed")])).toMatchObject([
    { text: "all 1 are well; this client is not in 1 more (`treehouse group ls`)" },
  ]);
});
