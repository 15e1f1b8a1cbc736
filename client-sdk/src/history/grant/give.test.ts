import { type ClientUri, decodeContent, historyGrantOf, userOfClient } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";

import {
  bob,
  Historians,
  mallory,
  phone,
  random,
  room,
  said,
  start,
  text,
} from "../../../test/world/historians.ts";
import type { HistoryContext } from "../index.ts";
import { createGrants, type Grants } from "./index.ts";
import type { GrantPorts } from "./ports.ts";

const acceptedAt = start + 10 * 60_000;
const newcomers = { room, position: 10, acceptedAt, users: [userOfClient(bob)] };

let historians: Historians;
let alarms: { readonly delayMs: number; readonly run: () => void }[];
let sent: Uint8Array[];
beforeEach(() => {
  historians = new Historians();
  alarms = [];
  sent = [];
});
afterEach(() => historians[Symbol.asyncDispose]());

/** Alice's phone, in a room whose granting clients stand in this order. */
function grantsOf(context: HistoryContext, clients: readonly ClientUri[], days = 7): Grants {
  const ports: GrantPorts = {
    assets: {
      upload: () => Promise.reject(new Error("it is short")),
      open: () => {
        throw new Error("nothing is fetched");
      },
    },
    client: phone,
    granting: () => Promise.resolve({ days, clients }),
    send: async (_, content) => void sent.push(content),
    later: (delayMs, run) => void alarms.push({ delayMs, run }),
    life: new AbortController().signal,
  };
  return createGrants(context, ports);
}

async function come(grants: Grants, { store }: HistoryContext): Promise<void> {
  (await store.transaction((tx) => grants.came(tx, newcomers)))();
  await expect.poll(() => alarms.length).toBe(1);
}

const owed = ({ store }: HistoryContext) =>
  store.transaction((tx) => tx.settings.namesAfter("history owed "));

test("R-058 FED-1071 each waits for those before it, and tells what was said before", async () => {
  const context = await historians.client(acceptedAt);
  await said(context, 1, text("before"));
  const grants = grantsOf(context, [mallory, phone]);
  await come(grants, context);
  expect(alarms[0]?.delayMs).toBe(20_500);
  alarms[0]?.run();
  await expect.poll(() => sent.length).toBe(1);
  const grant = historyGrantOf(decodeContent(sent[0] ?? new Uint8Array()));
  expect(grant).toMatchObject({ to: [userOfClient(bob)], position: 10 });
});

test("R-058 FED-1071 once another one has told them nothing more is sent, nor owed", async () => {
  const context = await historians.client(acceptedAt);
  await said(context, 1, text("before"));
  const grants = grantsOf(context, [mallory, phone]);
  await come(grants, context);
  const grant = {
    to: newcomers.users,
    position: newcomers.position,
    since: 0,
    id: random(16),
    key: random(32),
    pieces: [],
  };
  const told = { user: userOfClient(mallory), room, grant };
  (await context.store.transaction((tx) => grants.heard(tx, told)))();
  expect(await owed(context)).toEqual([]);
  alarms[0]?.run();
  // The store takes one transaction after another, and a grant is sent behind its first ones.
  for (let turns = 0; turns < 20; turns += 1) await owed(context);
  expect(sent).toEqual([]);
});

test("R-058 FED-1071 a connection that comes and goes makes no second turn, a later process does", async () => {
  const context = await historians.client(acceptedAt + 60_000);
  await said(context, 1, text("before"));
  const grants = grantsOf(context, [mallory, phone]);
  await come(grants, context);
  expect(alarms[0]?.delayMs).toBe(0);
  grants.live();
  grants.live();
  grantsOf(context, [mallory, phone]).live();
  await expect.poll(() => alarms.length).toBe(2);
  alarms[1]?.run();
  await expect.poll(() => owed(context)).toEqual([]);
  expect([alarms.length, sent.length]).toEqual([2, 1]);
});
