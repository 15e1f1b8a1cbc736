import {
  type ClientFrame,
  type HttpRequest,
  paths,
  Refusal,
  refusedFrame,
  type ServerFrame,
} from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";

import { keepData } from "../world/old-data.ts";
import { password, startServer, type TestServer } from "../world/server.ts";
import { openTampered, refusedWith, type TamperedFetch } from "../world/tampered.ts";
import { agreed, founded, heard, next, reads, until } from "../world/waiting.ts";

let server: TestServer;

beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server[Symbol.asyncDispose]());

const notNow = () => refusedWith(new Refusal("rateLimited", "not now", { retryAfterMs: 50 }));

/** Alice behind a server that refuses one thing for a while. */
async function withAlice(isIt: (request: HttpRequest) => boolean) {
  const bob = await server.register("bob");
  let refuses = false;
  let asked = 0;
  let often: () => void = () => undefined;
  const askedOften = new Promise<void>((resolve) => {
    often = resolve;
  });
  const fetch: TamperedFetch = (request, ask) => {
    if (!refuses || !isIt(request)) return ask(request);
    asked += 1;
    if (asked === 3) often();
    return Promise.resolve(notNow());
  };
  const alice = await openTampered(server, "alice", { fetch }, { password, register: {} });
  await alice.caughtUp();
  const refuse = (whether: boolean) => {
    refuses = whether;
  };
  return { alice, bob, refuse, askedOften };
}

test("a restored server that cannot say what it offers is asked again over the same connection", async () => {
  const { alice, bob, refuse, askedOften } = await withAlice(
    ({ method, url }) => method === "GET" && url.endsWith(paths.subscriptions()),
  );
  const [kept] = await founded(alice, "Kept", [bob]);
  const old = await keepData(server);
  const [later] = await founded(alice, "Later", [bob]);
  if (!kept || !later) throw new Error("two");
  refuse(true);
  const restored = next(alice, "restored");
  await old.putBack();
  await restored;
  const states = heard(alice, "state");
  await askedOften;
  // Once anew, with what counts in the server's new life.
  expect(states.map(({ state }) => state)).toEqual(["offline", "connecting", "catchingUp", "live"]);
  await kept.send("meanwhile");
  await reads(bob, kept.id, "meanwhile");
  const closed = next(alice, "removed");
  refuse(false);
  expect((await closed).room).toBe(later.id);
}, 60_000);

test("R-019 a gap is told once, when it is passed, however often it is met before", async () => {
  const { alice, bob, refuse, askedOften } = await withAlice(({ url }) =>
    url.endsWith("/group-info"),
  );
  const [hers] = await founded(alice, "Tea", [bob]);
  if (!hers) throw new Error("one");
  const old = await keepData(server);
  await hers.remove(["bob@localhost"]);
  refuse(true);
  const gaps: string[] = [];
  alice.on("gap", ({ stream, reason }) => {
    if (stream === hers.id) gaps.push(reason);
  });
  await old.putBack();
  await askedOften;
  const again = next(alice, "state", ({ state }) => state === "live");
  await server.stop();
  await server.start();
  await again;
  expect(gaps).toEqual([]);
  const back = next(alice, "joined");
  refuse(false);
  await back;
  // Bob, who asks to be out again, may have been faster: that would be a gap of its own.
  expect(gaps.filter((reason) => reason !== "missed")).toEqual(["restored"]);
}, 60_000);

test("FED-957 what a hub refuses that was put back behind its members is done when they are back", async () => {
  const bob = await server.register("bob");
  const { promise: refused, resolve } = Promise.withResolvers<void>();
  let refuses = false;
  const answer = (one: ClientFrame) => {
    if (one.type !== "update" || !refuses) return undefined;
    resolve();
    return refusedFrame(one.requestId, new Refusal("epochAhead", "not yet", { currentEpoch: 0 }));
  };
  const alice = await openTampered(server, "alice", { answer }, { password, register: {} });
  const [hers, his] = await founded(alice, "Tea", [bob]);
  if (!hers || !his) throw new Error("two");
  refuses = true;
  const wish = hers.setHistoryDays(3);
  await refused;
  refuses = false;
  // What comes in the stream has her look again, as the declaration of the hub would.
  await his.send("are you there?");
  await wish;
  await agreed([
    [alice, hers],
    [bob, his],
  ]);
  expect(await his.historyDays()).toBe(3);
}, 60_000);

test("FED-225 FED-957 a commit that a restored hub took and forgot goes out once more as it was", async () => {
  const bob = await server.register("bob");
  const asked: Uint8Array[] = [];
  let withholds = false;
  const answer = (one: ClientFrame) => {
    if (one.type === "update" && withholds) asked.push(one.request);
    return undefined;
  };
  const frame = (one: ServerFrame) => (withholds && one.type === "entry" ? [] : [one]);
  const alice = await openTampered(server, "alice", { answer, frame }, { password, register: {} });
  const [hers, his] = await founded(alice, "Tea", [bob]);
  if (!hers || !his) throw new Error("two");
  const old = await keepData(server);
  await Promise.all([alice, bob].map((client) => client.caughtUp()));
  const before = (await his.info()).epoch;
  withholds = true;
  const wish = hers.setHistoryDays(3);
  await until(bob, async () => (await his.info()).epoch > before);
  await old.putBack();
  await until(alice, async () => asked.length > 1);
  withholds = false;
  expect(asked[1]).toEqual(asked[0]);
  await bob.close();
  await server.stop();
  await server.start();
  await wish;
}, 60_000);
