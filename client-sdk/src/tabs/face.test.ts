import { expectTypeOf, test } from "vitest";

import type { OpenAsset } from "../assets/index.ts";
import type { Client, Conversation } from "../client/index.ts";
import type { NotCrossing } from "./face.ts";

/** What is made of the worker's objects in a tab by another way than by cloning. */
type Handles = Conversation | OpenAsset;

test("everything of the face can be called from another thread", () => {
  // A call that answers at once, a callback for a value, or an object with calls of its own that is
  // not in `Handles` is named here by the compiler.
  type Client_ = Omit<Client, "on" | "close">;
  expectTypeOf<NotCrossing<Client_, Handles>>().toEqualTypeOf<never>();
  expectTypeOf<NotCrossing<Conversation, Handles>>().toEqualTypeOf<never>();
});

test("what cannot be called from another thread is named by the compiler", () => {
  type Wrong = {
    atOnce(): string;
    filtered(wanted: { keep: (item: string) => boolean }): Promise<void>;
    within: { opened(): Promise<{ read(): Promise<void> }> };
    right(wanted?: { signal?: AbortSignal; tell?: (done: number) => void }): Promise<string[]>;
    loop(): AsyncIterable<{ text: string }>;
  };
  expectTypeOf<NotCrossing<Wrong, never>>().toEqualTypeOf<
    | "atOnce does not answer with a promise"
    | "filtered is called back for a value"
    | "within.opened answers with an object of its worker"
  >();
});
