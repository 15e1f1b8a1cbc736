import {
  type ClientUri,
  decodeContent,
  type HistoryGrant,
  historyGrantOf,
  type HistoryRow,
  userOfClient,
} from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";

import {
  assetLink,
  bob,
  clientOf,
  grantOf,
  Historians,
  mallory,
  phone,
  random,
  room,
  said,
  start,
  text,
  toldRow,
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

/** Everything that this grant might wait for has had its turn: the store takes one after another. */
async function settled(context: HistoryContext): Promise<void> {
  for (let turns = 0; turns < 40; turns += 1) await owed(context);
}

const heard = (grant: HistoryGrant, by = mallory) => ({ user: userOfClient(by), room, grant });
const holding = (rows: readonly HistoryRow[]) =>
  grantOf([rows], { to: newcomers.users, position: 10 });
const good = () => holding([toldRow(1, start, text("told"))]);

/** The phone has its turn after these were heard of a commit; answers how many grants it sends. */
async function sentAfter(
  told: readonly { readonly before?: boolean; readonly said: ReturnType<typeof heard> }[],
  now = acceptedAt,
): Promise<number> {
  [alarms, sent] = [[], []];
  const context = await historians.client(now);
  await said(context, 1, text("before"));
  const grants = grantsOf(context, [mallory, phone]);
  const hear = async (isBefore: boolean) => {
    for (const { before = false, said: one } of told) {
      if (before === isBefore) (await context.store.transaction((tx) => grants.heard(tx, one)))();
    }
  };
  await hear(true);
  await come(grants, context);
  await hear(false);
  alarms[0]?.run();
  await expect.poll(() => owed(context)).toEqual([]);
  await settled(context);
  expect(await context.store.transaction((tx) => tx.settings.namesAfter("history told "))).toEqual(
    [],
  );
  return sent.length;
}

test("R-058 FED-1071 once another one has told them nothing more is sent, nor owed", async () => {
  expect(await sentAfter([{ said: heard(good()) }])).toBe(0);
  // Nobody can take back by a second word what the first one said.
  const useless = { ...good(), key: random(32) };
  expect(await sentAfter([{ said: heard(good()) }, { said: heard(useless) }])).toBe(0);
});

test("FED-1071 what is no grant for all who came by a commit keeps nobody from telling them", async () => {
  const both = { ...good(), to: [...newcomers.users, userOfClient(mallory)] };
  const link = { kind: "asset", link: assetLink } as const;
  const useless = [
    { before: true, said: heard(good()) },
    { said: heard({ ...good(), pieces: [] }) },
    { said: heard({ ...good(), to: [userOfClient(clientOf("eve"))] }) },
    { said: heard({ ...good(), position: 11 }) },
    { said: heard({ ...good(), key: random(32) }) },
    { said: heard({ ...good(), pieces: [link] }) },
    { said: heard(holding([])) },
    { said: heard(holding([toldRow(11, start, text("later"))])) },
    { said: heard(holding([toldRow(1, acceptedAt - 8 * 86_400_000, text("long ago"))])) },
    { said: heard(holding([{ ...toldRow(1, start, text("forged")), sender: mallory }])) },
    { said: heard(good(), clientOf("eve")) },
    { said: heard(both) },
  ];
  for (const told of useless) expect(await sentAfter([told])).toBe(1);
});

test("FED-1071 who has its turn long after believes that what was told was there", async () => {
  const late = acceptedAt + 2 * 60 * 60_000;
  const asset = { ...good(), pieces: [{ kind: "asset", link: assetLink }] as const };
  expect(await sentAfter([{ said: heard(asset) }], late)).toBe(0);
  expect(await sentAfter([{ said: heard({ ...good(), pieces: [] }) }], late)).toBe(1);
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
