import {
  ASSET_HEADERS,
  assetAnswerSchema,
  assetRequestCodec,
  assetResponseCodec,
  type AssetRequest,
  assetsForgottenAnswerCodec,
  assetsForgottenCodec,
  type AssetUri,
  assetUploadAnswerSchema,
  type Bytes,
  LIMITS,
  MEDIA_TYPE_OCTETS,
  mintAssetUri,
  mintRoomUri,
  paths,
  type RoomUri,
  sha256,
  toBase64Url,
} from "@treehouse/protocol";
import type { Account } from "../clients/account.ts";
import { random } from "../clients/person.ts";
import type { Answer } from "../http/answer.ts";
import { agree, ensure } from "../outcome.ts";
import { tls } from "../peers/reply.ts";
import type { PeerServer } from "../peers/server.ts";
import { hostedRoom } from "../rooms/hosted-room.ts";
import type { HostedRoom } from "../rooms/hosted-room.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import type { World } from "../world.ts";

/** What is too large for messages, as servers give it to each other. */
export const assetRules: readonly Rule[] = [
  rule("FED-1010", "an asset is given to those it is for, and to others as if there were none", {
    "a server with nobody in the room, or that names another, gets nothing": async (world) => {
      const { room, alice, peer } = await scene(world);
      const asset = await uploaded(alice.account, content, { kind: "room", room });
      const stranger = await world.knownPeer("b");
      (await read(stranger, { asset, claim: { kind: "room", room } })).refused(
        "a server with nobody in the room",
        "notMember",
      );
      const other = mintRoomUri(peer.domain, random);
      for (const [what, claim] of Object.entries({
        "another room": { kind: "room", room: other },
        "a secret": { kind: "bearer", secret: random(32) },
      } as const)) {
        (await read(peer, { asset, claim })).refused(what, "notFound");
      }
    },
    "one for bearers is given for its secret, and one of a user's own to no server": async (
      world,
    ) => {
      const alice = await world.account("alice");
      const peer = await world.knownPeer("a");
      const secret = random(32);
      const secretHash = toBase64Url(sha256(secret));
      const asset = await uploaded(alice, content, { kind: "bearer", secretHash });
      const good = { asset, claim: { kind: "bearer", secret } } as const;
      agree("it", (await octetsOf(peer, good)).octets, content);
      const bad = { ...good, claim: { kind: "bearer", secret: random(32) } } as const;
      (await read(peer, bad)).refused("another secret", "notFound");
      const own = await uploaded(alice, content, { kind: "own", name: "conformance" });
      (await read(peer, { ...good, asset: own })).refused("a user's own", "notFound");
    },
  }),
  rule("FED-1011", "a server is asked for octets of an asset, and says how many there are", {
    "a member's server gets any range of it": async (world) => {
      const { room, alice, peer } = await scene(world);
      const asset = await uploaded(alice.account, content, { kind: "room", room });
      const wanted = { asset, claim: { kind: "room", room } } as const;
      for (const [offset, length] of [
        [0, LIMITS.assetPieceBytesMax],
        [10, 20],
        [content.length - 1, 100],
        [content.length, 1],
      ] as const) {
        const answer = await octetsOf(peer, wanted, offset, length);
        agree("its size", answer.size, content.length);
        agree("its octets", answer.octets, content.slice(offset, offset + length));
      }
    },
    "it knows its own alone": async (world) => {
      const peer = await world.knownPeer("a");
      const claim = { kind: "bearer", secret: random(32) } as const;
      const elsewhere = mintAssetUri(peer.domain, random);
      (await read(peer, { asset: elsewhere, claim })).refused("another server's", "misdirected");
      const none = mintAssetUri(world.subject.domain, random);
      (await read(peer, { asset: none, claim })).refused("one that is not there", "notFound");
    },
  }),
  rule("FED-1012", "what another server says of an asset is believed if it fits together", {
    "users read through their own server, which asks the asset's": async (world) => {
      const { room, alice, peer } = await scene(world);
      const asset = mintAssetUri(peer.domain, random);
      peer.scripts.set("asset", ({ body }) => {
        const { offset, length } = assetRequestCodec.decode(body);
        const octets = content.slice(offset, offset + length);
        return tls(assetResponseCodec, { size: content.length, octets });
      });
      const answer = (await download(alice.account, asset, room)).ok("a download");
      peer.scripts.delete("asset");
      agree("what came", answer.body, content);
      const asked = peer.requests("asset").map(({ body }) => assetRequestCodec.decode(body));
      agree("the claims", asked.at(-1)?.claim, { kind: "room", room });
      const known = peer.requests("asset").length;
      (await download(alice.account, asset, room)).ok("another download");
      agree("requests of the second", peer.requests("asset").length - known, 0);
    },
    "octets that are too few, or too many, are none": async (world) => {
      const { room, alice, peer } = await scene(world);
      for (const octets of [content.slice(1), new Uint8Array([...content, 1])]) {
        peer.scripts.set("asset", () => tls(assetResponseCodec, { size: content.length, octets }));
        const answer = await download(alice.account, mintAssetUri(peer.domain, random), room);
        peer.scripts.delete("asset");
        ensure(!answer.succeeded, "it hands them on");
      }
    },
  }),
  rule("FED-1013", "whoever has copies of an asset hears that it is deleted", {
    "a server that has read it is told": async (world) => {
      const { room, alice, peer } = await scene(world);
      const asset = await uploaded(alice.account, content, { kind: "room", room });
      await octetsOf(peer, { asset, claim: { kind: "room", room } });
      (await alice.account.ask("POST", paths.assetDeletions(), { asset })).ok("a deletion");
      const told = (): boolean =>
        peer
          .requests("assetsForgotten")
          .some(({ body }) => assetsForgottenCodec.decode(body).assets.includes(asset));
      await world.until("the deletion to be told", () => (told() ? true : undefined));
      const wanted = { asset, claim: { kind: "room", room } } as const;
      (await read(peer, wanted)).refused("a deleted one", "notFound");
    },
    "a server forgets copies when it is told, of the sender's assets alone": async (world) => {
      const { room, alice, peer } = await scene(world);
      const asset = mintAssetUri(peer.domain, random);
      peer.scripts.set("asset", () =>
        tls(assetResponseCodec, { size: content.length, octets: content }),
      );
      (await download(alice.account, asset, room)).ok("a download");
      peer.scripts.delete("asset");
      const body = assetsForgottenCodec.encode({ assets: [asset] });
      const other = await world.knownPeer("b");
      for (const [from, kept] of [
        [other, true],
        [peer, false],
      ] as const) {
        const answer = await from.ask({ endpoint: "assetsForgotten", body });
        answer.struct("a notice", assetsForgottenAnswerCodec);
        const again = await download(alice.account, asset, room);
        agree(`whether it is kept for ${from.domain}`, again.succeeded, kept);
      }
    },
  }),
];

const scenes = new WeakMap<World, Promise<HostedRoom>>();

/** One room for all of them, and not of Alice, who has many: to reserve rooms has a rate. */
function scene(world: World): Promise<HostedRoom> {
  const known = scenes.get(world);
  if (known !== undefined) return known;
  const made = world.account("bob").then((bob) => hostedRoom(world, "a", bob));
  scenes.set(world, made);
  return made;
}

/** Stands for ciphertext: no server looks into it. */
const content = Uint8Array.from({ length: 1000 }, (_, index) => (index * 7) & 255);

type Wanted = Pick<AssetRequest, "asset" | "claim">;

function read(peer: PeerServer, wanted: Wanted, offset = 0, length = 1000): Promise<Answer> {
  const body = assetRequestCodec.encode({ ...wanted, offset, length });
  return peer.ask({ endpoint: "asset", body });
}

async function octetsOf(peer: PeerServer, wanted: Wanted, offset = 0, length = 1000) {
  return (await read(peer, wanted, offset, length)).struct("an asset", assetResponseCodec);
}

async function uploaded(account: Account, octets: Bytes, audience: object): Promise<AssetUri> {
  const { length } = octets;
  const begun = await account.ask("POST", paths.assetUploads(), { size: length, audience });
  const { upload } = assetUploadAnswerSchema.parse(begun.ok("the beginning of an upload").json);
  const part = await account.ask("PUT", paths.assetUploadPart(), octets, [
    ["content-type", MEDIA_TYPE_OCTETS],
    [ASSET_HEADERS.upload, upload],
    [ASSET_HEADERS.offset, "0"],
  ]);
  part.ok("a part");
  const hash = toBase64Url(sha256(octets));
  const done = await account.ask("POST", paths.assetUploadFinish(), { upload, hash });
  return assetAnswerSchema.parse(done.ok("the end of an upload").json).asset;
}

function download(account: Account, asset: AssetUri, room: RoomUri): Promise<Answer> {
  return account.ask("GET", paths.assetContent(), undefined, [
    [ASSET_HEADERS.asset, asset],
    [ASSET_HEADERS.room, room],
  ]);
}
