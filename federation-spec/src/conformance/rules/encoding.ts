import {
  batchAnswerCodec,
  batchCodec,
  consentEntryCodec,
  endpointNames,
  identifierRequestCodec,
  ITEM_KINDS,
  PROTOCOL,
  toHex,
  utf8Encode,
  Writer,
} from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import { unchanged } from "../clients/account.ts";
import { random } from "../clients/person.ts";
import { agree, ensure } from "../outcome.ts";
import type { PeerServer } from "../peers/server.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import type { World } from "../world.ts";
import { valueFor } from "./endpoints.ts";
import { makeKnock, request } from "./knock.ts";
import { rawBatch } from "./octets.ts";

/** Octets, as a server reads those of others. */
export const encodingRules: readonly Rule[] = [
  rule("FED-101", "a length is in its shortest form", {
    "longer forms are malformed": async (world) => {
      await refusesBatches(world, {
        "a length of two octets for nothing": (good) => [...good.slice(0, -1), 0x40, 0x00],
        "a length of four octets for nothing": (good) => [...good.slice(0, -1), 0x80, 0, 0, 0],
        "a length of eight octets": (good) => [...good.slice(0, -1), 0xc0, 0, 0, 0, 0, 0, 0, 0],
      });
    },
  }),
  rule("FED-103", "nothing follows the last field", {
    "more octets are malformed": async (world) => {
      await refusesBatches(world, {
        "one octet more": (good) => [...good, 0],
        "the same twice": (good) => [...good, ...good],
      });
      const peer = await world.knownPeer("a");
      const { domain } = world.subject;
      const good = identifierRequestCodec.encode({ user: world.nobody() });
      const body = new Uint8Array([...good, 0]);
      const answer = await peer.ask({ endpoint: "identifierQuery", value: domain, body });
      answer.refused("a longer identifier query", "malformed");
    },
  }),
  rule("FED-104", "a number is at most 2^53−1", {
    "a larger one is malformed": async (world) => {
      const peer = await world.knownPeer("asking");
      const alice = await world.account("alice");
      const body = consentEntryCodec.encode(request(peer.user("late").user, alice.user));
      const item = { sequence: "2^53", kind: ITEM_KINDS.consent, body } as const;
      const answer = await peer.ask({ endpoint: "notify", body: rawBatch(random(16), [item]) });
      answer.refused("the sequence 2^53", "malformed");
      const max = new Uint8Array([...body.slice(0, -8), ...new Uint8Array(8).fill(255)]);
      await rejectsItem(peer, max, "a time of 2^64−1");
    },
  }),
  rule("FED-105", "an unknown version, operation or flag is malformed", {
    "a version that is not 1": async (world) => {
      const peer = await world.knownPeer("a");
      const { domain } = world.subject;
      const good = identifierRequestCodec.encode({ user: world.nobody() });
      for (const version of [0, PROTOCOL + 1, 255]) {
        const body = new Uint8Array([version, ...good.slice(1)]);
        const answer = await peer.ask({ endpoint: "identifierQuery", value: domain, body });
        answer.refused(`the version ${version}`, "malformed");
      }
    },
    "an operation that is none": async (world) => {
      const peer = await world.knownPeer("asking");
      const alice = await world.account("alice");
      const good = consentEntryCodec.encode(request(peer.user("odd").user, alice.user));
      await unchanged([alice], async () => {
        await rejectsItem(peer, new Uint8Array([4, ...good.slice(1)]), "the operation 4");
      });
    },
  }),
  rule("FED-107", "whatever comes, the answer is a refusal", {
    "octets at random, and a good request cut short": async (world) => {
      const peer = await world.knownPeer("a");
      const doris = await world.account("doris");
      const good = (await makeKnock(world, peer)).body;
      await unchanged([doris], async () => {
        for (const endpoint of endpointNames) {
          const value = valueFor(endpoint, world.subject.domain);
          const bodies = [
            random(1),
            random(40),
            random(2_000),
            good.slice(0, 17),
            new Uint8Array(0),
          ];
          for (const body of bodies) {
            const answer = await peer.ask({ endpoint, value, body });
            ensure(answer.status < 500, `${endpoint} answers ${toHex(body)} by ${answer.status}`);
            ensure(!answer.succeeded, `${endpoint} takes octets at random`);
          }
        }
        for (let length = 0; length < good.length; length += 1 + Math.floor(length / 8)) {
          const answer = await peer.ask({ endpoint: "notify", body: good.slice(0, length) });
          answer.refused(`a batch cut after ${length} octets`, "malformed");
        }
      });
    },
  }),
  rule("FED-125", "a URI has one spelling", {
    "others are malformed": async (world) => {
      const peer = await world.knownPeer("a");
      const { domain } = world.subject;
      const spellings = [
        `mimi://${domain.toUpperCase()}/u/somebody`,
        `mimi://${domain}/u/Somebody`,
        `mimi://${domain}:443/u/somebody`,
        `mimi://${domain}./u/somebody`,
        `mimi://${domain}/u/some%62ody`,
        `mimi://${domain}/u/somebody/`,
        "mimi://127.0.0.1/u/somebody",
      ];
      for (const uri of spellings) {
        const writer = new Writer();
        writer.u8(PROTOCOL);
        writer.opaque(utf8Encode(uri));
        const body = writer.finish();
        const answer = await peer.ask({ endpoint: "identifierQuery", value: domain, body });
        answer.refused(`the user ${uri}`, "malformed");
      }
    },
  }),
];

type Alteration = (good: readonly number[]) => readonly number[];

/** Batches that are altered so are malformed, and have no effect. */
async function refusesBatches(
  world: World,
  wrong: Readonly<Record<string, Alteration>>,
): Promise<void> {
  const peer = await world.knownPeer("a");
  const doris = await world.account("doris");
  await unchanged([doris], async () => {
    for (const [what, alter] of Object.entries(wrong)) {
      const { body: good } = await makeKnock(world, peer);
      const body = new Uint8Array(alter([...good]));
      (await peer.ask({ endpoint: "notify", body })).refused(what, "malformed");
    }
  });
}

/** An item with that body is rejected as malformed. */
async function rejectsItem(peer: PeerServer, body: Bytes, what: string): Promise<void> {
  const incarnation = random(16);
  const items = [{ sequence: 1, kind: ITEM_KINDS.consent, body }];
  const batch = batchCodec.encode({ incarnation, items, heads: [] });
  const answer = (await peer.ask({ endpoint: "notify", body: batch })).struct(
    what,
    batchAnswerCodec,
  );
  agree(what, answer, { incarnation, next: 2, rejected: [{ sequence: 1, code: "malformed" }] });
}
