import { identifierRequestCodec, LIMITS } from "@treehouse/protocol";
import type { Answer } from "../http/answer.ts";
import { agree, ensure, Missing } from "../outcome.ts";
import { NoAnswer } from "../http/send.ts";
import { withHeader } from "../peers/ask.ts";
import type { Tweak } from "../peers/ask.ts";
import type { PeerServer } from "../peers/server.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import type { World } from "../world.ts";
import { knock, knockAndEnter, makeKnock, refuses } from "./knock.ts";

/** More look-ups than any server would need to give, and time for them. */
const floodMost = 3_000;

/** What one server may ask of another, and how much at once. */
export const boundRules: readonly Rule[] = [
  rule(
    "FED-935",
    "a server bounds what others send, and none of them makes another wait",
    {
      "a body that is announced as too long is not waited for": async (world) => {
        const peer = await world.knownPeer("a");
        await refuses(world, peer, {
          "a long batch": [announcing(LIMITS.notifyBodyBytesMax + 1), "tooLarge"],
        });
        const tweak = announcing(LIMITS.peerBodyBytesMax + 1);
        const body = new Uint8Array(0);
        const answer = await peer.ask({ endpoint: "submitMessage", body, tweak });
        answer.refused("long submissions", "tooLarge");
        agree("the limit that the refusal names", answer.member("limitName"), "peerBodyBytesMax");
      },
      "a body without an announced length ends at the bound": async (world) => {
        const peer = await world.knownPeer("a");
        const made = await makeKnock(world, peer);
        const part = new Uint8Array(65_536);
        let sent = 0;
        const tweak: Tweak = {
          headers: (all) => [...all, ["transfer-encoding", "chunked"]],
          timeoutMs: 20_000,
          write(request) {
            const more = (): void => {
              while (!request.destroyed && sent < 4 * LIMITS.notifyBodyBytesMax) {
                sent += part.length;
                if (!request.write(part)) {
                  request.once("drain", more);
                  return;
                }
              }
              if (!request.destroyed) request.end();
            };
            more();
          },
        };
        // Who is cut off while sending may never see the refusal.
        const answer = await knock(made, tweak).catch((error: unknown) => {
          if (error instanceof NoAnswer) return undefined;
          throw error;
        });
        answer?.refused("a body without end", "tooLarge");
        ensure(sent < 3 * LIMITS.notifyBodyBytesMax, `it took ${sent} octets`);
      },
      "many requests at once are answered, or put off": async (world) => {
        const peer = await world.knownPeer("hasty");
        const other = await world.knownPeer("b");
        await lookUps(world, peer, 1);
        const many = lookUps(world, peer, 60);
        const started = performance.now();
        await knockAndEnter(world, other);
        world.within("another server's request meanwhile", started, 5_000);
        for (const answer of await many) if (!answer.succeeded) putOff(answer);
        const [after] = await lookUps(world, peer, 1);
        ensure(after?.succeeded === true, "after the flood it is still refused");
      },
    },
    {
      long: {
        "who asks beyond the rate makes no other one wait": async (world) => {
          await flood(world);
          const [others] = await lookUps(world, await world.knownPeer("b"), 1);
          ensure(others?.succeeded === true, "another server is put off as well");
        },
      },
    },
  ),
  rule(
    "FED-602",
    "beyond a rate requests are put off, for a time that is told",
    {},
    {
      long: {
        "look-ups of one server": async (world) => {
          const refused = await flood(world);
          agree("the code", refused.code, "rateLimited");
          putOff(refused);
        },
      },
    },
  ),
];

const floods = new WeakMap<World, Promise<Answer>>();

/** Asks until the server has enough; answers the first refusal. */
function flood(world: World): Promise<Answer> {
  const known = floods.get(world) ?? untilPutOff(world);
  floods.set(world, known);
  return known;
}

async function untilPutOff(world: World): Promise<Answer> {
  const peer = await world.knownPeer("greedy");
  for (let asked = 0; asked < floodMost; asked += 6) {
    const refused = (await lookUps(world, peer, 6)).find((answer) => !answer.succeeded);
    if (refused !== undefined) return refused;
  }
  throw new Missing(`${floodMost} look-ups are within this server's rate`);
}

/** A request of that length, of which only the headers are sent. */
function announcing(length: number): Tweak {
  return {
    headers: withHeader("content-length", String(length)),
    timeoutMs: 3_000,
    write: (request) => request.flushHeaders(),
  };
}

async function lookUps(world: World, peer: PeerServer, count: number): Promise<readonly Answer[]> {
  const body = identifierRequestCodec.encode({ user: world.nobody() });
  const question = { endpoint: "identifierQuery", value: world.subject.domain, body } as const;
  return Promise.all(Array.from({ length: count }, () => peer.ask(question)));
}

function putOff(answer: Answer): void {
  answer.refused("a request beyond the bounds", "rateLimited", "unavailable");
  const wait = answer.member("retryAfterMs");
  agree("the type of retryAfterMs", typeof wait, "number");
}
