import { mintRoomUri, parseDomain, userUri } from "@treehouse/protocol";
import type { RoomUri } from "@treehouse/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { accept, ask, contactOf, decline, hear, withdraw } from "./relation.ts";
import type { Outcome, Relation, Row, Said } from "./relation.ts";

const other = userUri(parseDomain("b.example"), "bob");
const [r1, r2] = [1, 2].map((fill) =>
  mintRoomUri(parseDomain("a.example"), (length) => new Uint8Array(length).fill(fill)),
);

/** One user's half, and what was said to it that it has not heard. */
type Half = { rows: Relation; unheard: Said[] };

type Step =
  | { readonly act: "ask" | "accept"; readonly side: 0 | 1; readonly room: RoomUri | undefined }
  | { readonly act: "decline" | "withdraw" | "hear" | "hearTwice"; readonly side: 0 | 1 };

const sideOf = fc.constantFrom<0 | 1>(0, 1);
const room = fc.constantFrom(undefined, undefined, r1, r2);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ act: fc.constantFrom("ask", "accept"), side: sideOf, room }),
  fc.record({
    act: fc.constantFrom("decline", "withdraw", "hear", "hear", "hear", "hearTwice"),
    side: sideOf,
  }),
);

function perform(halves: readonly [Half, Half], each: Step): void {
  const [own, far] = each.side === 0 ? halves : [halves[1], halves[0]];
  const take = ({ rows, said }: Outcome): void => {
    own.rows = rows;
    far.unheard.push(...said);
  };
  switch (each.act) {
    case "ask":
      return take(ask(own.rows, each.room, ""));
    case "accept":
      return take(accept(own.rows, each.room));
    case "decline":
      return take(decline(own.rows));
    case "withdraw":
      return take(withdraw(own.rows));
    case "hear":
    case "hearTwice": {
      const said = own.unheard.shift();
      if (said === undefined) return;
      take(hear(own.rows, said));
      if (each.act === "hearTwice") take(hear(own.rows, said));
    }
  }
}

function hearAll(halves: readonly [Half, Half]): void {
  for (let turn = 0; halves.some(({ unheard }) => unheard.length > 0); turn += 1) {
    if (turn > 1_000) throw new Error("they never come to an end");
    for (const side of [0, 1] as const) perform(halves, { act: "hear", side });
  }
}

const covers = (rows: Relation, flag: "given" | "asked", scope: RoomUri | undefined): boolean =>
  rows.some((row) => row[flag] && (row.room === undefined || row.room === scope));

/** Whether a row claims what the other half does not bear out. */
function isWrong(row: Row, own: Relation, far: Relation): boolean {
  const empty = !row.asked && !row.waiting && !row.given && !row.received;
  // Nobody believes to be let in who is not, and nothing waits that is not asked.
  const imagined =
    (row.received && !covers(far, "given", row.room)) ||
    (row.waiting && !covers(far, "asked", row.room));
  // What is given already does not wait for an answer.
  return empty || imagined || (row.waiting && covers(own, "given", row.room));
}

test("R-042 FED-962 whatever two do and however words cross or repeat, both end with the truth", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const halves: [Half, Half] = [
        { rows: [], unheard: [] },
        { rows: [], unheard: [] },
      ];
      for (const each of steps) perform(halves, each);
      hearAll(halves);
      for (const [own, far] of [halves, halves.toReversed()]) {
        if (own === undefined || far === undefined) throw new Error("there are two halves");
        expect(own.rows.filter((row) => isWrong(row, own.rows, far.rows))).toEqual([]);
        expect(new Set(own.rows.map((row) => row.room)).size).toBe(own.rows.length);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("R-042 a request that is accepted is mutual, in any order of asking", () => {
  const states = (steps: readonly Step[]): readonly string[] => {
    const halves: [Half, Half] = [
      { rows: [], unheard: [] },
      { rows: [], unheard: [] },
    ];
    for (const each of steps) perform(halves, each);
    hearAll(halves);
    return halves.map(({ rows }) => contactOf(other, rows, undefined).state);
  };
  const [asks, answers] = [
    { act: "ask", side: 0, room: undefined } as const,
    { act: "accept", side: 1, room: undefined } as const,
  ];
  const hears = { act: "hear", side: 1 } as const;
  expect(states([asks])).toEqual(["requested", "incoming"]);
  expect(states([asks, hears, answers])).toEqual(["mutual", "mutual"]);
  // Both asked before either heard.
  expect(states([asks, { ...asks, side: 1 }])).toEqual(["mutual", "mutual"]);
  // Asking whoever has asked is an answer.
  expect(states([asks, hears, { ...asks, side: 1 }])).toEqual(["mutual", "mutual"]);
  // Declining is not told, and a later request is seen again.
  const declined: readonly Step[] = [asks, hears, { act: "decline", side: 1 }];
  expect(states(declined)).toEqual(["requested", "none"]);
  expect(states([...declined, asks])).toEqual(["requested", "incoming"]);
  expect(states([...declined, { act: "withdraw", side: 0 }])).toEqual(["none", "none"]);
  // Taking it back looks to who had asked like an answer that never came.
  const mutual: readonly Step[] = [asks, hears, answers, { act: "hear", side: 0 }];
  expect(states([...mutual, { act: "withdraw", side: 0 }])).toEqual(["none", "granted"]);
  expect(states([...mutual, { act: "withdraw", side: 1 }])).toEqual(["requested", "none"]);
  expect(states([...mutual, { act: "withdraw", side: 1 }, { ...asks, side: 1 }])).toEqual([
    "mutual",
    "mutual",
  ]);
});

test("FED-961 a request for one room lets nobody in but its answer, and that for the room alone", () => {
  const asked = ask([], r1, "please");
  expect(asked.said).toEqual([{ operation: "request", room: r1, note: "please" }]);
  expect(contactOf(other, asked.rows, undefined)).toMatchObject({
    state: "requested",
    mayBeAdded: false,
    rooms: [r1],
  });
  const heard = hear([], { operation: "request", room: r1, note: "please" });
  expect(contactOf(other, heard.rows, undefined)).toMatchObject({
    state: "incoming",
    note: "please",
    mayAdd: false,
    rooms: [r1],
  });
  const given = accept(heard.rows, undefined);
  expect(given.said).toEqual([{ operation: "grant", room: r1, note: "" }]);
  expect(contactOf(other, given.rows, undefined)).toMatchObject({ state: "granted", rooms: [r1] });
  // A request for any room may be answered for one.
  const wide = hear([], { operation: "request", room: undefined, note: "" });
  expect(accept(wide.rows, r2).said).toEqual([{ operation: "grant", room: r2, note: "" }]);
  // Whoever is let into one room asks for another one.
  const more = hear(given.rows, { operation: "request", room: r2, note: "" });
  expect(contactOf(other, more.rows, undefined)).toMatchObject({ state: "incoming", rooms: [r2] });
});

test("FED-965 a grant that nobody asked for, and an end of nothing, leave no trace", () => {
  for (const operation of ["grant", "revoke", "cancel"] as const) {
    expect(hear([], { operation, room: undefined, note: "" })).toEqual({ rows: [], said: [] });
    expect(hear([], { operation, room: r1, note: "" })).toEqual({ rows: [], said: [] });
  }
  expect(accept([], undefined)).toEqual({ rows: [], said: [] });
});

test("R-043 how a blocked user is seen does not change with what that user does", () => {
  const before = contactOf(other, [], 7);
  const rows = hear([], { operation: "request", room: undefined, note: "let me in" }).rows;
  expect(contactOf(other, rows, 7)).toEqual(before);
  expect(before.state).toBe("blocked");
});
