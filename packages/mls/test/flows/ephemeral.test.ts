import { readFileSync } from "node:fs";
import type { Bytes } from "@treehouse/protocol";
import {
  ephemeralMessageCodec,
  ephemeralPayloadCodec,
  fromHex,
  LIMITS,
  toHex,
  utf8Encode,
} from "@treehouse/protocol";
import { describe, expect, test } from "vitest";

import type { MlsCrypto } from "../../src/crypto/index.ts";
import { createNobleCrypto } from "../../src/crypto/noble/index.ts";
import { createNodeCrypto } from "../../src/crypto/node/index.ts";
import { commit, proposeByMember, restart } from "../world/room.ts";
import type { Member } from "../world/room.ts";
import { trio } from "../world/trio.ts";

/** `vectors/ephemeral.json`, sealed by another library. */
const vector: { readonly seal: Seal } = JSON.parse(
  readFileSync(
    new URL("../../../../federation-spec/vectors/ephemeral.json", import.meta.url),
    "utf8",
  ),
);
type Seal = {
  readonly secret: string;
  readonly header: string;
  readonly key: string;
  readonly nonce: string;
  readonly payload: string;
  readonly message: string;
};

const at = 1_767_225_600_000;
const clocks = { acceptedAt: at + 40, now: at + 60 };
const invalid = { code: "invalidMessage" };

const whisper = (from: Member, text = "typing", sentAt = at): Promise<Bytes> =>
  from.group.sealEphemeral({ sentAt, mediaType: "text/x-test", content: utf8Encode(text) });

describe("FED-851 an ephemeral message", () => {
  test("is read by every member, names the leaf that signed it, and changes nothing", async () => {
    const { alice, bob, carol } = await trio(201);
    const message = await whisper(alice);
    const opened = {
      leaf: 0,
      client: alice.identity.client,
      epoch: 1,
      sentAt: at,
      mediaType: "text/x-test",
      content: utf8Encode("typing"),
    };
    for (const member of [bob, carol, alice]) {
      expect(await member.group.openEphemeral(message, clocks)).toEqual(opened);
      const { put, delete: gone } = member.group.takeChanges();
      expect([put.size, gone.length]).toEqual([0, 0]);
    }
  });

  test.each([createNodeCrypto, createNobleCrypto])(
    "is sealed as the specification's vector is, on every platform (%o)",
    (create) => {
      const crypto = create({ random: (length) => new Uint8Array(length) });
      const { secret, header, key, nonce, payload, message } = vector.seal;
      const [aad, { keyLength, nonceLength }] = [fromHex(header), crypto];
      const material = crypto.hkdfExpand(fromHex(secret), aad, keyLength + nonceLength);
      expect(toHex(material)).toBe(key + nonce);
      const { ciphertext } = ephemeralMessageCodec.decode(fromHex(message));
      const opened = crypto.aeadOpen(fromHex(key), fromHex(nonce), aad, ciphertext);
      expect(toHex(opened)).toBe(payload);
    },
  );

  test("FED-852 has a length that is the same for all short contents", async () => {
    const { alice } = await trio(202);
    const lengths = new Set<number>();
    for (const length of [0, 1, 40, 90, 100]) {
      lengths.add((await whisper(alice, "x".repeat(length))).length);
    }
    expect(lengths.size).toBe(1);
    for (let length = 200; length < 500; length += 1) {
      const { ciphertext } = ephemeralMessageCodec.decode(await whisper(alice, "x".repeat(length)));
      expect((ciphertext.length - 16) % LIMITS.ephemeralPaddingBytes).toBe(0);
    }
  });

  test("is refused beyond its bounds, and while somebody is about to leave", async () => {
    const { room, alice, bob } = await trio(203);
    const most = "x".repeat(LIMITS.ephemeralContentBytesMax);
    const message = await whisper(alice, most);
    expect(message.length).toBeLessThanOrEqual(LIMITS.ephemeralMessageBytesMax);
    await expect(whisper(alice, `${most}x`)).rejects.toMatchObject({
      code: "tooLarge",
      data: { limitName: "ephemeralContentBytesMax", limit: LIMITS.ephemeralContentBytesMax },
    });
    await proposeByMember(room, bob, 2);
    await expect(whisper(alice)).rejects.toMatchObject({ code: "removalPending" });
  });
});

describe("FED-853 who is no member says nothing", () => {
  test("T-14 another one's message cannot be passed on under a new salt", async () => {
    const { alice, bob } = await trio(204);
    const message = ephemeralMessageCodec.decode(await whisper(alice));
    const other = { ...message, salt: new Uint8Array(16).fill(7) };
    const bytes = ephemeralMessageCodec.encode(other);
    await expect(bob.group.openEphemeral(bytes, clocks)).rejects.toMatchObject(invalid);
  });

  test.each([
    ["an octet of the ciphertext", (message: Bytes) => flip(message, message.length - 20)],
    ["the tag", (message: Bytes) => flip(message, message.length - 1)],
    ["the salt", (message: Bytes) => flip(message, message.length - 600)],
  ])("with %s changed it is refused", async (_, change) => {
    const { alice, bob } = await trio(205);
    const message = await whisper(alice, "x".repeat(200));
    await expect(bob.group.openEphemeral(change(message), clocks)).rejects.toMatchObject({
      code: expect.stringMatching(/^(invalidMessage|malformed)$/),
    });
    expect(await bob.group.openEphemeral(message, clocks)).toMatchObject({ leaf: 0 });
  });

  test("a member cannot sign as another leaf", async () => {
    const { room, alice, bob, carol } = await trio(206);
    const { crypto } = room.world;
    // Carol has every group secret: she seals with her own key what claims to be Alice's.
    const forged = await forge(crypto, carol, { leaf: alice.group.ownLeaf });
    await expect(bob.group.openEphemeral(forged, clocks)).rejects.toMatchObject(invalid);
    const absent = await forge(crypto, carol, { leaf: 9 });
    await expect(bob.group.openEphemeral(absent, clocks)).rejects.toMatchObject(invalid);
  });

  test("one of a past epoch is read as long as its sender is there", async () => {
    const { room, alice, bob, carol } = await trio(207);
    const [hers, his] = [await whisper(carol), await whisper(alice)];
    await commit(room, alice, { remove: [2] });
    expect(await bob.group.openEphemeral(his, clocks)).toMatchObject({ leaf: 0, epoch: 1 });
    await expect(bob.group.openEphemeral(hers, clocks)).rejects.toMatchObject(invalid);
    const after = await whisper(alice);
    await expect(carol.group.openEphemeral(after, clocks)).rejects.toMatchObject({
      code: "removed",
    });
  });

  test("after four commits, and after a restart, the key of an epoch is gone", async () => {
    const { room, alice, bob } = await trio(208);
    const message = await whisper(alice);
    await commit(room, alice, {});
    const later = await whisper(alice);
    for (let count = 0; count < 3; count += 1) await commit(room, alice, {});
    await expect(bob.group.openEphemeral(message, clocks)).rejects.toMatchObject({
      code: "wrongEpoch",
      data: { currentEpoch: 5 },
    });
    expect(await bob.group.openEphemeral(later, clocks)).toMatchObject({ epoch: 2 });
    const last = await whisper(alice);
    await restart(room.world, bob);
    await expect(bob.group.openEphemeral(later, clocks)).rejects.toMatchObject({
      code: "wrongEpoch",
    });
    expect(await bob.group.openEphemeral(last, clocks)).toMatchObject({ epoch: 5 });
  });
});

describe("FED-854 an ephemeral message counts once, and for a short time", () => {
  test("T-14 a second time it is refused, whenever the hub says that it took it", async () => {
    const { alice, bob } = await trio(209);
    const message = await whisper(alice);
    await bob.group.openEphemeral(message, clocks);
    const again = { acceptedAt: at + 9_000, now: at + 38_000 };
    await expect(bob.group.openEphemeral(message, clocks)).rejects.toMatchObject(invalid);
    await expect(bob.group.openEphemeral(message, again)).rejects.toMatchObject(invalid);
    const latest = { acceptedAt: at + 9_000, now: at + 300_000 };
    await expect(bob.group.openEphemeral(message, latest)).rejects.toMatchObject(invalid);
  });

  test.each([
    ["it was taken too late", { acceptedAt: at + 10_001, now: at + 10_001 }],
    ["it was taken before it was sent", { acceptedAt: at - 10_001, now: at }],
    ["it was kept back", { acceptedAt: at, now: at + 30_001 }],
    ["it comes from the future", { acceptedAt: at, now: at - 30_001 }],
  ])("it is refused when %s", async (_, times) => {
    const { alice, bob } = await trio(210);
    const message = await whisper(alice);
    await expect(bob.group.openEphemeral(message, times)).rejects.toMatchObject(invalid);
    expect(await bob.group.openEphemeral(message, clocks)).toMatchObject({ sentAt: at });
  });

  test("a flood is bounded, and passes", async () => {
    const { alice, bob } = await trio(211);
    for (let count = 0; count < LIMITS.ephemeralSeenMax; count += 1) {
      await bob.group.openEphemeral(await whisper(alice, "", at), clocks);
    }
    await expect(bob.group.openEphemeral(await whisper(alice), clocks)).rejects.toMatchObject(
      invalid,
    );
    const later = at + 100_000;
    const message = await whisper(alice, "again", later);
    const opened = await bob.group.openEphemeral(message, { acceptedAt: later, now: later });
    expect(opened.sentAt).toBe(later);
  });
});

/** A message that its sender seals as a member can, but with something else than the own leaf in it. */
async function forge(
  crypto: MlsCrypto,
  from: Member,
  change: { readonly leaf: number },
): Promise<Bytes> {
  const message = ephemeralMessageCodec.decode(await whisper(from));
  const { ciphertext, ...header } = message;
  const secret = await from.group.exportSecret("Ephemeral", fromHex(""), 32);
  const aad = ephemeralMessageCodec.encode(message).slice(0, -lengthOf(ciphertext));
  const material = crypto.hkdfExpand(secret, aad, crypto.keyLength + crypto.nonceLength);
  const key = material.slice(0, crypto.keyLength);
  const nonce = material.slice(crypto.keyLength);
  const payload = ephemeralPayloadCodec.decode(crypto.aeadOpen(key, nonce, aad, ciphertext));
  const plaintext = ephemeralPayloadCodec.encode({ ...payload, ...change });
  return ephemeralMessageCodec.encode({
    ...header,
    ciphertext: crypto.aeadSeal(key, nonce, aad, plaintext),
  });
}

function lengthOf({ length }: Bytes): number {
  return length + (length < 64 ? 1 : 2);
}

function flip(bytes: Bytes, index: number): Bytes {
  const changed = new Uint8Array(bytes);
  changed[index] = (changed[index] ?? 0) ^ 1;
  return changed;
}
