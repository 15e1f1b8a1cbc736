import { expect, test } from "vitest";

import { replyChain, replyChainMax } from "./reply-chain.ts";

const chainOf = (answers: Readonly<Record<string, string | undefined>>, last: string) => {
  const find = (id: string) => (id in answers ? { id, inReplyTo: answers[id] } : undefined);
  const { messages, cut } = replyChain({ id: last, inReplyTo: answers[last] }, find);
  return [messages.map(({ id }) => id).join(""), cut];
};

test("a chain of replies is walked to its beginning, and cut where it loops or is too long", () => {
  expect(chainOf({ a: undefined, b: "a", c: "b" }, "c")).toEqual(["abc", undefined]);
  expect(chainOf({ b: "a", c: "b" }, "c")).toEqual(["bc", "unknown"]);
  expect(chainOf({ a: "c", b: "a", c: "b" }, "c")).toEqual(["abc", "loop"]);
  expect(chainOf({ a: "a" }, "a")).toEqual(["a", "loop"]);
  const long = Array.from({ length: 5000 }, (_, index) => ({
    id: String(index),
    inReplyTo: index === 0 ? undefined : String(index - 1),
  }));
  const find = (id: string) => long[Number(id)];
  const { messages, cut } = replyChain({ id: "4999", inReplyTo: "4998" }, find);
  expect([messages.length, cut]).toEqual([replyChainMax, "long"]);
});
