import { gzipSync } from "node:zlib";
import { LIMITS } from "@treehouse/protocol";
import { agree, ensure, Missing } from "../outcome.ts";
import type { PeerLabel } from "../peers/labels.ts";
import type { Reply } from "../peers/host.ts";
import type { Whole } from "../peers/reply.ts";
import type { PeerServer } from "../peers/server.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import type { World } from "../world.ts";
import { lookUp } from "./directory.ts";
import { refuses } from "./knock.ts";

/** How a server asks others, as far as a server on loopback can see. */
export const outboundRules: readonly Rule[] = [
  rule(
    "FED-916",
    "a server asks whom it means, and takes no more than it asked for",
    {
      "a compressed directory is a failure": (world) =>
        disbelieves(world, "squeezed", (peer) => squeezed(peer.usualDirectory())),
      "a directory over 64 KiB is a failure": (world) =>
        disbelieves(world, "endless", (peer) => {
          const { body = "", ...reply } = peer.usualDirectory();
          const padding = " ".repeat(LIMITS.directoryBytesMax);
          return { ...reply, body: `${String(body).slice(0, -1)}${padding}}` };
        }),
      "a redirected answer is not followed": async (world) => {
        const peer = await world.knownPeer("mover");
        peer.user("somebody");
        peer.scripts.set("identifierQuery", () => ({
          status: 307,
          headers: { location: "/moved" },
        }));
        const answer = await lookUp(world, peer.domain);
        answer.refused("a look-up that is redirected", "peerUnreachable");
        agree("pages that were asked for behind the redirect", peer.visits, []);
      },
      "a compressed answer is a failure": (world) =>
        fails(world, async (usual) => {
          const reply = await usual();
          return reply === "drop" ? reply : squeezed(reply);
        }),
      "an answer that is longer than it can be is a failure": (world) =>
        fails(world, async (usual) => {
          const reply = await usual();
          return reply === "drop" ? reply : { ...reply, body: new Uint8Array(4_194_304) };
        }),
      "an answer of another media type is a failure": (world) =>
        fails(world, async (usual) => {
          const reply = await usual();
          return reply === "drop" ? reply : { ...reply, headers: { "content-type": "text/html" } };
        }),
      "addresses that are not public are left alone": () => {
        throw new Missing("the suite listens at one address, and must be reached there");
      },
      "an address is no name of a server": async (world) => {
        for (const address of ["127.0.0.1", "[::1]", "0x7f.1", "localhost.1"]) {
          const answer = await lookUp(world, address);
          answer.refused(`a look-up at ${address}`, "malformed");
        }
      },
    },
    {
      long: {
        "a directory that does not come in time is a failure": async (world) => {
          const started = performance.now();
          await disbelieves(world, "slow", async (peer) => {
            await new Promise((resolve) => {
              setTimeout(resolve, 2 * LIMITS.directoryTimeoutMs).unref();
            });
            return peer.usualDirectory();
          });
          const took = performance.now() - started;
          ensure(took < 2 * LIMITS.directoryTimeoutMs, `it waited ${Math.round(took)} ms for it`);
        },
      },
    },
  ),
];

function squeezed({ body = "", headers, status }: Whole): Reply {
  return { status, headers: { ...headers, "content-encoding": "gzip" }, body: gzipSync(body) };
}

async function disbelieves(
  world: World,
  label: PeerLabel,
  directory: (peer: PeerServer) => Reply | Promise<Reply>,
): Promise<void> {
  await world.knownPeer("a");
  const peer = world.peer(label);
  peer.directory = () => directory(peer);
  await refuses(world, peer, { "a request of it": [{}, "peerUnknown"] });
  ensure(peer.directoryRequests > 0, "its directory was not asked for");
}

/** A look-up of a user who exists fails because of the way in which it is answered. */
async function fails(
  world: World,
  answer: (usual: () => Promise<Reply>) => Promise<Reply>,
): Promise<void> {
  const peer = await world.knownPeer("answering");
  const { name } = peer.user(`user-${peer.users.size}`).person;
  peer.scripts.set("identifierQuery", (_request, usual) => answer(usual));
  (await lookUp(world, peer.domain, name)).refused("a look-up answered so", "peerUnreachable");
  peer.scripts.delete("identifierQuery");
  await world.eventually(
    "the same look-up, answered well",
    async () => (await lookUp(world, peer.domain, name)).succeeded,
  );
}
