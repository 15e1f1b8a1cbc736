import { paths } from "@treehouse/protocol";
import { agree, ensure } from "../outcome.ts";
import { certified } from "../peers/peer-key.ts";
import type { PeerKey } from "../peers/peer-key.ts";
import type { PeerServer } from "../peers/server.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import type { World } from "../world.ts";
import { lookUp } from "./directory.ts";
import { knockAndEnter, refuses } from "./knock.ts";
import { seenIn } from "./seen.ts";

/** More than the minute in which a directory is not fetched again. */
const aMinuteMs = 61_000;

/** Directories in use, and the keys in them. */
export const keyRules: readonly Rule[] = [
  rule(
    "FED-903",
    "a directory is kept, and fetched anew for an unknown key at most once a minute",
    {
      "one fetch does for many requests": async (world) => {
        const peer = await world.knownPeer("cached");
        for (let at = 0; at < 4; at++) await knockAndEnter(world, peer);
        agree("fetches of the directory", peer.directoryRequests, 1);
      },
      "unknown keys fetch nothing within the minute": async (world) => {
        const peer = await world.knownPeer("cached");
        await knockAndEnter(world, peer);
        await refuses(world, peer, {
          "an unknown key": [{ key: peer.key("u1"), signed: { kid: "u1" } }, "peerUnknown"],
          "another unknown key": [{ key: peer.key("u2"), signed: { kid: "u2" } }, "peerUnknown"],
        });
        agree("fetches of the directory", peer.directoryRequests, 1);
      },
      "a redirect is not followed": async (world) => {
        await world.knownPeer("a");
        const peer = world.peer("moved");
        peer.directory = () => ({ status: 302, headers: { location: "/moved" } });
        peer.pages.set("/moved", () => peer.usualDirectory());
        await refuses(world, peer, { "a server that moved": [{}, "peerUnknown"] });
        ensure(peer.directoryRequests > 0, "its directory was not asked for");
        agree("pages that were asked for behind the redirect", peer.visits, []);
      },
    },
    {
      slow: {
        "after a minute unknown keys fetch it once": async (world) => {
          const peer = await world.knownPeer("waiting");
          await knockAndEnter(world, peer);
          await world.pass(aMinuteMs);
          await refuses(world, peer, {
            "an unknown key": [{ key: peer.key("u1"), signed: { kid: "u1" } }, "peerUnknown"],
            "another unknown key": [{ key: peer.key("u2"), signed: { kid: "u2" } }, "peerUnknown"],
          });
          agree("fetches of the directory", peer.directoryRequests, 2);
        },
      },
    },
  ),
  rule(
    "FED-911",
    "the first directory's keys are pinned, and later ones need a certificate",
    {
      "each key of the first directory is taken": async (world) => {
        const peer = world.peer("twofold");
        const second = peer.key("key-2");
        peer.keys = [...peer.keys, second];
        await knockAndEnter(world, await world.knownPeer("twofold"));
        await knockAndEnter(world, peer, signedWith(second));
        agree("fetches of the directory", peer.directoryRequests, 1);
      },
    },
    {
      slow: {
        "a later key that a pinned one certified is taken": async (world) => {
          const { peer, first } = await peerWithOneKey(world, "rotated");
          const second = certified(peer.domain, peer.key("key-2"), first);
          peer.keys = [second, first];
          await world.pass(aMinuteMs);
          await knockAndEnter(world, peer, signedWith(second));
          await knockAndEnter(world, peer, signedWith(first));
        },
        "a later key with a certificate of other facts is not taken": async (world) => {
          const { peer, first } = await peerWithOneKey(world, "forged");
          const second = peer.key("key-2");
          const { certificate } = certified(world.peer("b").domain, second, first);
          peer.keys = [{ ...second, certificate }, first];
          await world.pass(aMinuteMs);
          await refuses(world, peer, {
            "a key that was certified for another domain": [
              signedWith(second),
              "peerUnknown",
              "peerKeyChanged",
            ],
          });
        },
        "a key that is listed no more is over at once": async (world) => {
          const { peer, first } = await peerWithOneKey(world, "retired");
          const second = certified(peer.domain, peer.key("key-2"), first);
          peer.keys = [second];
          await world.pass(aMinuteMs);
          await knockAndEnter(world, peer, signedWith(second));
          await refuses(world, peer, {
            "the key that is gone": [signedWith(first), "peerUnknown", "signatureInvalid"],
          });
        },
        "another key under a known id is a new key": async (world) => {
          const { peer, first } = await peerWithOneKey(world, "swapped");
          const other = { ...peer.key("key-2"), kid: first.kid };
          peer.keys = [other];
          await world.pass(aMinuteMs);
          // An unknown id makes the server look at the directory again.
          await refuses(world, peer, {
            "an unknown key": [signedWith(peer.key("u1")), "peerUnknown", "peerKeyChanged"],
            "the other key": [signedWith(other), "signatureInvalid", "peerKeyChanged"],
          });
        },
      },
    },
  ),
  rule(
    "FED-912",
    "a server of which no key is known any more is frozen until the operator has spoken",
    {},
    {
      slow: {
        "nothing is taken from it, and nothing asked of it": async (world) => {
          const { peer, first, second } = await seized(world, "seized");
          await refuses(world, peer, {
            "the new key": [signedWith(second), "peerKeyChanged"],
            "the old key": [signedWith(first), "peerKeyChanged"],
          });
          const asked = peer.received.length;
          (await lookUp(world, peer.domain)).refused("a client's look-up there", "peerUnreachable");
          agree("requests to it", peer.received.length, asked);
        },
        "the operator can believe the new key": async (world) => {
          const admin = await world.admin();
          const { peer, second } = await seized(world, "redeemed");
          await refuses(world, peer, { "the new key": [signedWith(second), "peerKeyChanged"] });
          const decision = { action: "allow", newKey: true };
          (await admin.ask("PUT", paths.federationRule(peer.domain), decision)).ok(
            "the operator's word",
          );
          await knockAndEnter(world, peer, signedWith(second));
        },
      },
    },
  ),
  rule(
    "FED-913",
    "a key is good between its times",
    {
      "before and after, its signatures are not taken": async (world) => {
        await world.knownPeer("a");
        const peer = world.peer("timed");
        const hourMs = 3_600_000;
        const early = peer.key("early", { notBefore: Date.now() + hourMs });
        const late = peer.key("late", { exp: Date.now() - hourMs });
        peer.keys = [...peer.keys, early, late];
        await knockAndEnter(world, peer);
        await refuses(world, peer, {
          "a key that is not good yet": [signedWith(early), "peerUnknown", "signatureInvalid"],
          "a key that is over": [signedWith(late), "peerUnknown", "signatureInvalid"],
        });
      },
    },
    { last: { "it signs with keys in their time": seenIn("FED-913") } },
  ),
];

function signedWith(key: PeerKey) {
  return { key, signed: { kid: key.kid } };
}

type OneKey = { readonly peer: PeerServer; readonly first: PeerKey };

async function peerWithOneKey(world: World, label: Parameters<World["peer"]>[0]): Promise<OneKey> {
  const peer = await world.knownPeer(label);
  await knockAndEnter(world, peer);
  return { peer, first: peer.signingKey };
}

/** A server whose directory shows, a minute later, one key that nothing vouches for. */
async function seized(
  world: World,
  label: Parameters<World["peer"]>[0],
): Promise<OneKey & { readonly second: PeerKey }> {
  const { peer, first } = await peerWithOneKey(world, label);
  const second = peer.key("key-2");
  peer.keys = [second];
  await world.pass(aMinuteMs);
  return { peer, first, second };
}
