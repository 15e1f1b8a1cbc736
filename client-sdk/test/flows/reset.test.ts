/** An account that comes back by e-mail, and what whoever reads the mailbox gets with it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import {
  codeIn,
  type Mailbox,
  openMailbox,
  tokenIn,
} from "../../../homeserver/test/people/mailbox.ts";
import { Client } from "../../src/node.ts";
import { befriend } from "../world/friends.ts";
import { type FederatedServers, startServersWith } from "../world/servers.ts";
import { founded, heard, joinedBy, next, reads, textsIn } from "../world/waiting.ts";

const [email, fresh] = ["alice@mail.example", "another horse and battery"];
/** Old messages that nobody may read after it. */
const messages = process.env["TREEHOUSE_SCALE"] === "full" ? 1000 : 10;

let mailbox: Mailbox;
let servers: FederatedServers;
let alice: Client;
let bob: Client;
let carol: Client;

beforeAll(async () => {
  mailbox = await openMailbox();
  servers = await startServersWith({ smtpUrl: mailbox.url }, ["one.example", "two.example"]);
  alice = await servers.at(0).register("alice");
  bob = await servers.at(0).register("bob");
  carol = await servers.at(1).register("carol");
  await alice.email.set(email);
  await alice.email.confirm(codeIn(mailbox.mails[0]));
});

afterAll(async () => {
  for (const client of [alice, bob, carol]) await client.close();
  await servers[Symbol.asyncDispose]();
  await mailbox[Symbol.asyncDispose]();
});

/** The token of a mail that is asked for now, as whoever reads the mailbox has it. */
async function mailedToken(): Promise<string> {
  const before = mailbox.mails.length;
  const server = servers.at(0).url;
  await Client.requestReset({ account: "alice@one.example", email, server });
  for (let index = before; ; index += 1) {
    const found = tokenIn(await mailbox.arrival(index));
    if (found !== "none") return found;
  }
}

function reset(store: string, token: string): Promise<Client> {
  const path = servers.at(0).path(store);
  return servers.at(0).open("alice", { store: path, password: fresh, reset: { token } });
}

test("R-025 a client in use is told that the account is being reset, and stops it", async () => {
  const told = next(alice, "resetWaiting");
  await expect(reset("too-early", await mailedToken())).rejects.toMatchObject({
    code: "resetWaiting",
    data: { retryAfterMs: expect.any(Number) },
  });
  const { until: waitsUntil } = await told;
  expect(await alice.account.resetWaitsUntil()).toBe(waitsUntil);
  await alice.account.cancelReset();
  expect(await alice.account.resetWaitsUntil()).toBeUndefined();
});

test("R-025 T-08 T-37 mailbox and database open no message and no room, and contacts are told once", async () => {
  await befriend(carol, alice);
  await befriend(carol, bob);
  const [inGroup] = await founded(bob, "Tea", [alice, carol]);
  const pair = await bob.conversations.dm(alice.me.address);
  await joinedBy(alice, pair.id);
  if (inGroup === undefined) throw new Error("a conversation");
  for (let count = 0; count < messages; count += 1) await inGroup.send(`canary-${count}`);
  await pair.send("canary of two");
  await reads(alice, inGroup.id, `canary-${messages - 1}`);
  await reads(alice, pair.id, "canary of two");
  const told = [bob, carol].map((client) => heard(client, "identityAlarm"));
  const tellings = [bob, carol].map((client) => next(client, "identityAlarm"));
  await alice.logout();
  await alice.close();

  const attacker = await reset("attacker", await mailedToken());
  await attacker.caughtUp();
  expect(await attacker.conversations.list()).toEqual([]);
  for (const [index, client] of [bob, carol].entries()) {
    await tellings[index];
    await client.caughtUp();
    expect(told[index]).toMatchObject([{ kind: "accountReset", address: "alice@one.example" }]);
    const known = await client.contacts.identities();
    expect(known.find(({ address }) => address === "alice@one.example")).toMatchObject({
      changed: true,
    });
  }
  const data = ["treehouse.sqlite", "treehouse.sqlite-wal"].map((name) =>
    readFileSync(join(servers.at(0).directory, "data", name)),
  );
  expect(Buffer.concat(data).includes("canary")).toBe(false);

  // What is said from now on is not for the new keys either, until somebody adds them.
  await inGroup.send("after the reset");
  await attacker.caughtUp();
  expect(await attacker.conversations.list()).toEqual([]);
  // Nobody adds them unseen.
  await expect(bob.conversations.create({ members: ["alice@one.example"] })).rejects.toMatchObject({
    code: "identityInvalid",
  });

  // Alice proves to be herself by other means, and is brought back, into the pair as well.
  await bob.contacts.acceptKey(await bob.contacts.safetyNumber("alice@one.example"));
  await inGroup.add(["alice@one.example"]);
  const again = await joinedBy(attacker, inGroup.id);
  await inGroup.send("welcome back");
  await reads(attacker, inGroup.id, "welcome back");
  expect(await textsIn(again)).toEqual(["welcome back"]);
  const members = (await inGroup.members()).map(({ address }) => address);
  expect(members.toSorted()).toEqual(["alice@one.example", "bob@one.example", "carol@two.example"]);
  await bob.conversations.dm("alice@one.example");
  await joinedBy(attacker, pair.id);
  await pair.send("between us");
  await reads(attacker, pair.id, "between us");
  await attacker.close();
});
