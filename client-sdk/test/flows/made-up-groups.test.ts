/** The operator of a client's own server makes a group in the place of a conversation's. */
import { join } from "node:path";

import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import { createGroup, type MemberGroup } from "@treehouse/mls/member";
import {
  type Bytes,
  copyBytes,
  decodeRoomState,
  encodeSafeAad,
  groupInfoPlaintextCodec,
  groupInfoRequestCodec,
  groupInfoResponseCodec,
  LABELS,
  parseRoomUri,
  roomOfGroup,
  type RoomUri,
  signedBytes,
  signGroupInfoResponse,
  signHead,
  submitMessageResponseCodec,
  updateRoomResponseCodec,
  utf8Encode,
} from "@treehouse/protocol";
import Database from "better-sqlite3";
import { expect, test } from "vitest";

import { readAccount } from "../../src/account/stored-account.ts";
import { random, withGroup, withStore } from "../world/forge.ts";
import { type RunningServer, startServer } from "../world/server.ts";
import { openTampered, type Tampering } from "../world/tampered.ts";
import { joinedBy, next } from "../world/waiting.ts";

const crypto = createNodeCrypto({ random });

/** What an operator finds in the database: the hub's key of a room, and a KeyPackage of everybody. */
function stolen(
  { directory }: RunningServer,
  room: RoomUri,
  names: readonly string[],
): { readonly hubKey: Bytes; readonly keyPackages: readonly Bytes[] } {
  const database = new Database(join(directory, "data", "treehouse.sqlite"), { readonly: true });
  try {
    const hub = database
      .prepare<[string], { key: Buffer }>(
        "SELECT hub_private_key AS key FROM delivery_rooms WHERE room = ?",
      )
      .get(room);
    const packages = database.prepare<[string], { bytes: Buffer }>(
      "SELECT key_package AS bytes FROM key_packages_stock WHERE client LIKE ? LIMIT 1",
    );
    return {
      hubKey: copyBytes(hub?.key ?? Buffer.alloc(0)),
      keyPackages: names.map((name) =>
        copyBytes(packages.get(`%/d/${name}/%`)?.bytes ?? Buffer.alloc(0)),
      ),
    };
  } finally {
    database.close();
  }
}

/** A group with the room's name, state and hub, which an account of the operator's has made. */
async function madeUp(
  server: RunningServer,
  room: RoomUri,
  by: string,
  keyPackages: readonly Bytes[],
): Promise<{ readonly group: MemberGroup; readonly groupInfo: Bytes }> {
  const real = await withGroup(server.path("bob"), room, async ({ group }) => ({
    group: group.group,
    epoch: group.epoch,
    roomState: group.roomState(),
  }));
  const account = await withStore(server.path(by), (store) => store.transaction(readAccount));
  if (account?.leafIdentity === undefined) throw new Error("no account");
  const { client, signaturePrivateKey, signaturePublicKey, leafIdentity } = account;
  const { hub: hubDomain, hubKey } = decodeRoomState(real.roomState);
  if (hubKey === undefined) throw new Error("no hub");
  const { group } = await createGroup(
    { crypto, now: Date.now },
    { client, signaturePrivateKey, signaturePublicKey, leafIdentity },
    { group: real.group, roomState: real.roomState, hubKey, hubDomain },
  );
  const aad = encodeSafeAad({ treehouse: undefined, others: [] });
  let prepared = await group.prepareCommit({ add: keyPackages }, aad);
  await group.adopt(prepared);
  while (group.epoch <= real.epoch) {
    prepared = await group.prepareCommit({}, aad);
    await group.adopt(prepared);
  }
  return { group, groupInfo: prepared.groupInfo };
}

test("T-01 T-20 in a group that the own server has made up nothing is said before its user agrees", async () => {
  await using server = await startServer();
  const first = await server.register("alice");
  const bob = await server.register("bob");
  await (await server.register("mallory")).close();
  const { id } = await first.conversations.create({ name: "Tea", members: ["bob@localhost"] });
  const room = parseRoomUri(id);
  await joinedBy(bob, id);
  await first.caughtUp();
  for (const one of [first, bob]) await one.close();
  const { hubKey, keyPackages } = stolen(server, room, ["alice", "bob"]);
  const { group, groupInfo } = await madeUp(server, room, "mallory", keyPackages);

  const operator = lyingOperator({ room, hubKey, group, groupInfo });
  const alice = await openTampered(server, "alice", operator.tampering);
  const hers = await alice.conversations.get(id);
  await alice.caughtUp();
  const told = next(alice, "membership");
  const fault = next(alice, "fault", ({ code }) => code === "membersUnvouched");
  operator.lies = true;
  await hers.rejoin();
  expect(await told).toMatchObject({ way: "unseen", added: ["mimi://localhost/u/mallory"] });
  expect((await fault).text).toContain("mallory@localhost");
  expect((await hers.info()).unvouched).toEqual(["mallory@localhost"]);
  await expect(hers.send("my secret")).rejects.toMatchObject({ code: "identityInvalid" });
  // What is answered next by itself, a receipt for instance, says nothing either.
  expect(operator.submitted).toBe(0);

  await hers.acceptMembers();
  // Its echo never comes.
  hers.send("she has asked bob, and agrees").catch(() => undefined);
  await operator.heard;
  expect((await hers.info()).unvouched).toEqual([]);
});

type MadeUp = {
  readonly room: RoomUri;
  readonly hubKey: Bytes;
  readonly group: MemberGroup;
  readonly groupInfo: Bytes;
};

/** Answers a client in the place of the hub, with its signatures, as soon as `lies` is set. */
function lyingOperator({ room, hubKey, group, groupInfo }: MadeUp) {
  const sign = (message: Bytes): Bytes => crypto.sign(hubKey, message);
  const { hub, hubKey: publicKey, term } = decodeRoomState(group.roomState());
  if (publicKey === undefined) throw new Error("no hub");
  const heard = Promise.withResolvers<void>();
  const state = { lies: false, submitted: 0, position: 1_000 };
  const offered = (request: Bytes): Bytes => {
    const asked = groupInfoRequestCodec.decode(request);
    const plaintext = groupInfoPlaintextCodec.encode({
      groupInfo,
      ratchetTree: group.ratchetTree(),
      pendingProposals: [],
      position: state.position,
      linkUses: [],
    });
    const { enc, ciphertext } = crypto.hpkeSeal(
      asked.groupInfoPublicKey,
      signedBytes(LABELS.groupInfoSealing, utf8Encode(room)),
      new Uint8Array(),
      plaintext,
    );
    return groupInfoResponseCodec.encode(
      signGroupInfoResponse(
        {
          status: "success",
          room,
          ciphersuite: crypto.suite,
          hubKey: publicKey,
          hubCredential: { identity: utf8Encode(hub) },
          sealed: { kemOutput: enc, ciphertext },
        },
        sign,
      ),
    );
  };
  const tampering: Tampering = {
    async fetch(request, ask) {
      if (!state.lies || !request.url.endsWith("/group-info")) return ask(request);
      const headers = { "content-type": "application/vnd.treehouse.tls" };
      return { status: 200, headers, body: offered(copyBytes(request.body ?? new Uint8Array())) };
    },
    answer(frame) {
      if (!state.lies) return undefined;
      state.position += 1;
      const { position } = state;
      const acceptedAt = Date.now();
      if (frame.type === "submit") {
        state.submitted += 1;
        heard.resolve();
        const response = submitMessageResponseCodec.encode({
          status: "accepted",
          acceptedAt,
          position,
          frank: undefined,
        });
        return { type: "submitted", requestId: frame.requestId, response };
      }
      if (frame.type !== "update") return undefined;
      const epoch = group.epoch + 1;
      const hash = random(32);
      const { generation } = roomOfGroup(group.group);
      const head = { room, generation, term, position, hash, epoch, treeHash: random(32) };
      const response = updateRoomResponseCodec.encode({
        code: "success",
        acceptedAt,
        position,
        head: signHead(head, sign),
        firstMessagePosition: undefined,
      });
      return { type: "updated", requestId: frame.requestId, response };
    },
  };
  return Object.assign(state, { tampering, heard: heard.promise });
}
