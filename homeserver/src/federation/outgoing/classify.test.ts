import { isRefusalCode, LIMITS, NetworkFault, Refusal, refusalTable } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { fateOf, reactionTo } from "./classify.ts";
import { Division } from "./division.ts";

test("FED-946 FED-947 every answer of a peer has its consequence", () => {
  const codes = Object.keys(refusalTable).filter(isRefusalCode);
  expect(codes.length).toBeGreaterThan(50);
  for (const code of codes) {
    const { status } = refusalTable[code];
    const { kind } = reactionTo(new Refusal(code, "it said so"));
    const ofNoItem = ["versionUnsupported", "limitExceeded"].includes(code);
    const judged = [400, 413, 422].includes(status) && !ofNoItem;
    expect([code, kind]).toEqual([code, status === 403 ? "pause" : judged ? "divide" : "later"]);
  }
  expect(reactionTo(new NetworkFault("timeout", "none"))).toEqual({
    kind: "later",
    reason: "timeout",
  });
  expect(reactionTo(new Refusal("rateLimited", "slower", { retryAfterMs: 9 }))).toMatchObject({
    retryAfterMs: 9,
  });
  expect(reactionTo(new TypeError("a bug"))).toEqual({ kind: "later", reason: "internal" });
});

test("FED-945 an item that was rejected becomes a tombstone, an introduction, or nothing", () => {
  expect(fateOf("entry", "malformed")).toBe("tombstone");
  expect(fateOf("delivery", "a code of a later version")).toBe("tombstone");
  expect(fateOf("entry", "unknownRoom")).toBe("introduce");
  expect(fateOf("entry", "conflict")).toBe("dead");
  expect(fateOf("tombstone", "malformed")).toBe("dead");
  expect(fateOf("consent", "malformed")).toBe("dead");
});

const alone = { items: 1, heads: 0, to: 201 };
const minutes = LIMITS.itemRefusedMs;

test("FED-946 a batch is halved until one item is alone, and that one is tried for minutes", () => {
  const division = new Division();
  expect(division.refused({ items: 512, heads: 3, to: 512 }, 0)).toBe("again");
  expect(division.itemsMax).toBe(256);
  expect(division.refused({ items: 256, heads: 0, to: 256 }, 1)).toBe("again");
  division.taken(200);
  expect(division.itemsMax).toBe(128);
  expect(division.refused({ items: 1, heads: 1, to: 201 }, 2)).toBe("again");
  expect(division.itemsMax).toBe(1);
  expect(division.refused(alone, 3)).toBe("later");
  for (let tries = 2; tries < 20; tries += 1) expect(division.refused(alone, 4)).toBe("later");
  expect(division.refused(alone, 3 + minutes)).toBe("ask");
  division.answered();
  expect(division.refused(alone, 3 + minutes)).toBe("reject");
  division.taken(512);
  expect(division.itemsMax).toBeUndefined();
});

test("FED-946 no item is to blame while the peer refuses batches without items, too", () => {
  const division = new Division();
  for (let round = 0; round < 9; round += 1) {
    const from = 2 * minutes * round;
    for (const at of [from, from + 1]) expect(division.refused(alone, at)).toBe("later");
    expect(division.refused(alone, from + minutes)).toBe("ask");
    division.unanswered();
  }
});
