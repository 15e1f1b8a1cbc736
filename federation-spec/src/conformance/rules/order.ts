import { LIMITS, toBase64Url } from "@treehouse/protocol";
import { random } from "../clients/person.ts";
import type { Header } from "../http/send.ts";
import { agree, ensure } from "../outcome.ts";
import { withHeader } from "../peers/ask.ts";
import type { Tweak } from "../peers/ask.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import { entered, knock, makeKnock, refuses } from "./knock.ts";

const otherDigest = `sha-256=:${"A".repeat(43)}=:`;
const tooLong = withHeader("content-length", String(LIMITS.notifyBodyBytesMax + 1));

/** What a server does for strangers before it knows who they are. */
export const orderRules: readonly Rule[] = [
  rule(
    "FED-915",
    "checks come in their order, so that nobody makes a server work for nothing",
    {
      "Host comes first": async (world) => {
        await world.knownPeer("a");
        const peer = world.peer("unheard");
        const host = { authority: "other.test", contentDigest: otherDigest };
        await refuses(world, peer, {
          "a stranger with all wrong": [{ signed: host }, "misdirected"],
          "and too long": [
            {
              signed: host,
              headers: tooLong,
              write: headersAlone,
              timeoutMs: world.allowedMs(4_000),
            },
            "misdirected",
          ],
        });
        agree("fetches of the stranger's directory", peer.directoryRequests, 0);
      },
      "the announced length comes before the body": async (world) => {
        await world.knownPeer("a");
        const peer = world.peer("unheard");
        await refuses(world, peer, {
          "a stranger with a long body": [
            { headers: tooLong, write: headersAlone, timeoutMs: world.allowedMs(4_000) },
            "tooLarge",
          ],
        });
        agree("fetches of the stranger's directory", peer.directoryRequests, 0);
      },
      "the digest comes before the key": async (world) => {
        await world.knownPeer("a");
        const peer = world.peer("unheard");
        await refuses(world, peer, {
          "a stranger with another digest": [
            { signed: { contentDigest: otherDigest } },
            "digestMismatch",
          ],
        });
        agree("fetches of the stranger's directory", peer.directoryRequests, 0);
      },
      "the key comes before the signature": async (world) => {
        const peer = await world.knownPeer("a");
        await refuses(world, peer, {
          "an unknown key and a wrong signature": [
            { signed: { kid: "nobodys" }, headers: spoiled },
            "peerUnknown",
          ],
        });
      },
      "the signature comes before the nonce": async (world) => {
        const peer = await world.knownPeer("a");
        const nonce = toBase64Url(random(16));
        await refuses(world, peer, {
          "a wrong signature": [{ signed: { nonce }, headers: spoiled }, "signatureInvalid"],
        });
        const made = await makeKnock(world, peer);
        entered(await knock(made, { signed: { nonce } }), made);
      },
    },
    {
      long: {
        "a body that comes octet by octet is not waited for": async (world) => {
          const peer = await world.knownPeer("a");
          const made = await makeKnock(world, peer);
          const started = performance.now();
          const tweak = slowly(made.body);
          const ended = await knock(made, tweak).then(
            (answer) => answer.describe(),
            () => "cut off",
          );
          const seconds = (performance.now() - started) / 1_000;
          ensure(!ended.startsWith("200"), `it took the body after ${seconds.toFixed(1)} s`);
          ensure(seconds < 30, `it held the connection for ${seconds.toFixed(1)} s`);
          const doris = await world.account("doris");
          agree("what Doris sees of who asked", await doris.contact(made.stranger), undefined);
        },
      },
    },
  ),
];

function headersAlone(request: { flushHeaders(): void }): void {
  request.flushHeaders();
}

function spoiled(headers: readonly Header[]): readonly Header[] {
  return headers.map(([name, value]) =>
    name === "signature" ? [name, `sig1=:${"A".repeat(86)}==:`] : [name, value],
  );
}

/** One octet in 400 ms. */
function slowly(body: Uint8Array): Tweak {
  return {
    headers: withHeader("content-length", String(body.length)),
    timeoutMs: 40_000,
    write(request) {
      let at = 0;
      const timer = setInterval(() => {
        if (request.destroyed || at >= body.length) {
          clearInterval(timer);
          if (!request.destroyed) request.end();
          return;
        }
        request.write(body.subarray(at, at + 1));
        at += 1;
      }, 400);
      request.once("close", () => clearInterval(timer));
    },
  };
}
