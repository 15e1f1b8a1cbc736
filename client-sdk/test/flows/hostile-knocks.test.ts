import { randomBytes } from "node:crypto";

import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import {
  attestationCodec,
  decodeEntry,
  deviceSigningCertificateCodec,
  encodeEntry,
  knockCodec,
  parseAddress,
  type RoomUri,
  type ServerFrame,
  signKnock,
} from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import { createIdentity } from "../../src/account/identity.ts";
import type { Client } from "../../src/node.ts";
import { startServer, type TestServer } from "../world/server.ts";
import { openTampered } from "../world/tampered.ts";
import { heard, next } from "../world/waiting.ts";

const crypto = createNodeCrypto({ random: (length) => new Uint8Array(randomBytes(length)) });

let server: TestServer;
let alice: Client;
let bob: Client;
let carol: Client;
/** What Alice's clock is ahead by. */
let aheadMs = 0;
/** What the hub puts in the place of a knock. */
let instead: (knock: Uint8Array, room: RoomUri) => Uint8Array = (knock) => knock;

beforeAll(async () => {
  server = await startServer();
  await (await server.register("alice")).close();
  bob = await server.register("bob");
  carol = await server.register("carol");
  const frame = (one: ServerFrame): readonly ServerFrame[] => {
    if (one.type !== "entry") return [one];
    const entry = decodeEntry(one.entry);
    if (entry.kind !== "knock") return [one];
    const knock = Uint8Array.from(instead(entry.knock, entry.room));
    return [{ type: "entry", entry: encodeEntry({ ...entry, knock }) }];
  };
  alice = await openTampered(server, "alice", { frame, clockMs: () => aheadMs });
  // Alice has met Bob, and has never heard of Carol.
  await alice.contacts.find("bob@localhost");
  await alice.caughtUp();
});

afterAll(async () => {
  for (const client of [alice, bob, carol]) await client.close();
  await server[Symbol.asyncDispose]();
});

/** A knock of the hub's own, under a name of its choice: its signatures hold. */
const forgedFor =
  (address: string) =>
  (_knock: Uint8Array, room: RoomUri): Uint8Array => {
    const made = createIdentity(crypto, parseAddress(address), Date.now());
    const identity = {
      certificate: deviceSigningCertificateCodec.decode(made.certificate),
      attestation: attestationCodec.decode(made.attestation),
      countersignature: new Uint8Array(64),
      countersigner: "forged",
    };
    const key = crypto.generateSignatureKeyPair().publicKey;
    return signKnock(room, { act: "asks", key, at: Date.now(), identity }, (message) =>
      crypto.sign(made.signaturePrivateKey, message),
    );
  };

test("T-01 FED-1097 a hub that alters a knock, or brings one of another room, is not believed", async () => {
  const faults = heard(alice, "fault");
  const knocks = heard(alice, "knock");
  let elsewhere: Uint8Array | undefined;
  for (const forge of [
    (knock: Uint8Array) => {
      elsewhere = knock;
      return knockCodec.encode({ ...knockCodec.decode(knock), key: new Uint8Array(32).fill(7) });
    },
    (knock: Uint8Array) => elsewhere ?? knock,
    (knock: Uint8Array) => knock.slice(0, -1),
  ]) {
    instead = forge;
    const room = await alice.conversations.create({ name: "Porch" });
    const told = next(alice, "fault", (one) => one.room === room.id);
    expect(await bob.conversations.knock(await room.links.address())).toBe("waiting");
    expect(await told).toMatchObject({ code: "entryInvalid" });
    expect(await room.knocks.list()).toEqual([]);
    await expect(room.knocks.admit("bob@localhost")).rejects.toMatchObject({ code: "notFound" });
  }
  expect([faults.length, knocks]).toEqual([3, []]);
});

test("T-01 FED-1098 a hub that knocks in a known name under a key of its own is shown, and not admitted", async () => {
  for (const [address, identity] of [
    ["bob@localhost", "changed"],
    ["carol@localhost", "unknown"],
  ] as const) {
    instead = forgedFor(address);
    const room = await alice.conversations.create({ name: "Gate" });
    const told = next(alice, "knock", (one) => one.room === room.id);
    const knocker = address.startsWith("bob") ? bob : carol;
    await knocker.conversations.knock(await room.links.address());
    expect(await told).toMatchObject({ address, identity });
    expect(await room.knocks.list()).toMatchObject([{ address, identity }]);
    const alarm = next(alice, "identityAlarm", (one) => one.address === address);
    await expect(room.knocks.admit(address)).rejects.toMatchObject({ code: "identityInvalid" });
    expect((await alarm).kind).toBe("clientUnlisted");
    expect(await room.links.list()).toEqual([]);
  }
});

test("FED-1099 nobody is shown a knock that is older than a week", async () => {
  instead = (knock) => knock;
  const room = await alice.conversations.create({ name: "Yard" });
  const told = next(alice, "knock", (one) => one.room === room.id);
  await bob.conversations.knock(await room.links.address());
  await told;
  expect(await room.knocks.list()).toMatchObject([{ address: "bob@localhost" }]);
  aheadMs = 7 * 24 * 3_600_000;
  expect(await room.knocks.list()).toEqual([]);
  await expect(room.knocks.admit("bob@localhost")).rejects.toMatchObject({ code: "notFound" });
});
