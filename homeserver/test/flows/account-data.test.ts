import {
  ACCOUNT_DATA_LIMITS,
  ACCOUNT_EVENTS,
  entriesPageCodec,
  inboxEntryCodec,
  paths,
  toBase64Url,
  utf8Decode,
} from "@treehouse/protocol";
import { expect, test } from "vitest";
import { ask } from "../people/ask.ts";
import { enrol } from "../people/holder.ts";
import type { Holder } from "../people/holder.ts";
import { openSmallServer } from "../people/small-server.ts";
import type { SmallServer } from "../people/small-server.ts";

const slotOf = (number: number): string =>
  toBase64Url(new Uint8Array(new Uint32Array(8).fill(number).buffer));
const sealedOf = (fill: number, length = 100): string =>
  toBase64Url(new Uint8Array(length).fill(fill));

function write(
  server: SmallServer,
  token: string,
  slot: string,
  json: { readonly expectedVersion: number; readonly sealed: string },
) {
  return ask(server.url, paths.accountDataRecord(slot), { method: "PUT", token, json });
}

/** The account events in somebody's inbox, with their data as it is parsed. */
async function eventsOf(server: SmallServer, { client, token }: Holder) {
  const page = await ask(server.url, paths.entries(client, { after: 0, limit: 256 }), { token });
  return entriesPageCodec.decode(page.bytes).entries.flatMap((bytes) => {
    const entry = inboxEntryCodec.decode(bytes);
    if (entry.kind === "welcome") return [];
    return [[entry.event.name, JSON.parse(utf8Decode(entry.event.data))]];
  });
}

test("R-037 a record is written once per version, and who comes second is told", async () => {
  await using server = await openSmallServer();
  const { token } = await enrol(server, "alice");
  const slot = slotOf(1);
  const first = await write(server, token, slot, { expectedVersion: 0, sealed: sealedOf(1) });
  expect([first.status, first.json]).toEqual([200, { version: 1 }]);
  const again = await write(server, token, slot, { expectedVersion: 0, sealed: sealedOf(2) });
  expect(again.refusal?.code).toBe("conflict");
  const [one, two] = await Promise.all(
    [3, 4].map((fill) =>
      write(server, token, slot, { expectedVersion: 1, sealed: sealedOf(fill) }),
    ),
  );
  expect(new Set([one?.status, two?.status])).toEqual(new Set([200, 409]));
  const kept = await ask(server.url, paths.accountDataRecord(slot), { token });
  expect(kept.json).toMatchObject({
    slot,
    version: 2,
    sealed: sealedOf(one?.status === 200 ? 3 : 4),
  });
  const list = await ask(server.url, paths.accountData(), { token });
  expect(list.json).toEqual({ records: [{ slot, version: 2, changedAt: expect.any(Number) }] });
});

test("R-037 a write is told to the user's clients, with slot and version and nothing else", async () => {
  await using server = await openSmallServer();
  const alice = await enrol(server, "alice");
  const bob = await enrol(server, "bob");
  await write(server, alice.token, slotOf(1), { expectedVersion: 0, sealed: sealedOf(1) });
  expect(await eventsOf(server, alice)).toEqual([
    [ACCOUNT_EVENTS.accountDataChanged, { slot: slotOf(1), version: 1 }],
  ]);
  expect(await eventsOf(server, bob)).toEqual([]);
});

test("R-037 each user has records of their own", async () => {
  await using server = await openSmallServer();
  const [alice, bob] = [await enrol(server, "alice"), await enrol(server, "bob")];
  await write(server, alice.token, slotOf(1), { expectedVersion: 0, sealed: sealedOf(1) });
  const path = paths.accountDataRecord(slotOf(1));
  expect((await ask(server.url, path, { token: bob.token })).refusal?.code).toBe("notFound");
  const mine = await write(server, bob.token, slotOf(1), {
    expectedVersion: 0,
    sealed: sealedOf(2),
  });
  expect(mine.json).toEqual({ version: 1 });
  const hers = await ask(server.url, path, { token: alice.token });
  expect(hers.json).toMatchObject({ sealed: sealedOf(1) });
  expect((await ask(server.url, path, {})).refusal?.code).toBe("notAuthenticated");
});

test("R-037 size and number of records are bounded, by limits that are named", async () => {
  await using server = await openSmallServer();
  const { token } = await enrol(server, "alice");
  const large = sealedOf(1, ACCOUNT_DATA_LIMITS.accountDataBytesMax);
  const whole = await write(server, token, slotOf(0), { expectedVersion: 0, sealed: large });
  expect(whole.status).toBe(200);
  const more = sealedOf(1, ACCOUNT_DATA_LIMITS.accountDataBytesMax + 1);
  const over = await write(server, token, slotOf(0), { expectedVersion: 1, sealed: more });
  expect(over.refusal?.code).toBe("malformed");
  for (let fill = 1; fill < ACCOUNT_DATA_LIMITS.accountDataRecordsMax; fill += 1) {
    await write(server, token, slotOf(fill), { expectedVersion: 0, sealed: sealedOf(1) });
  }
  const slot = slotOf(ACCOUNT_DATA_LIMITS.accountDataRecordsMax);
  const full = await write(server, token, slot, { expectedVersion: 0, sealed: sealedOf(1) });
  expect(full.refusal).toMatchObject({
    code: "limitExceeded",
    data: { limitName: "accountDataRecordsMax" },
  });
  const odd = await write(server, token, "short", { expectedVersion: 0, sealed: sealedOf(1) });
  expect(odd.refusal?.code).toBe("malformed");
});
