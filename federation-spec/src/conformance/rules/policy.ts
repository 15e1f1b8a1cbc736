import { paths } from "@treehouse/protocol";
import type { Account } from "../clients/account.ts";
import { agree, ensure } from "../outcome.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import { lookUp } from "./directory.ts";
import { knock, knockAndEnter, makeKnock, refuses } from "./knock.ts";

/** What an operator decides. They need an administrator's invite. */
export const policyRules: readonly Rule[] = [
  rule("FED-917", "the operator's word holds from the next request on, both ways", {
    "a server that is denied gets peerDenied, and is asked nothing": async (world) => {
      const admin = await world.admin();
      const peer = await world.knownPeer("judged");
      const { name } = peer.user("somebody").person;
      await knockAndEnter(world, peer);
      await decide(admin, peer.domain, { action: "deny", reason: "a reason of the operator" });
      await refuses(world, peer, { "a request of it": [{}, "peerDenied"] });
      const asked = peer.received.length;
      const answer = await lookUp(world, peer.domain, name);
      answer.refused("a client's look-up there", "peerDenied");
      ensure(!JSON.stringify(answer.json).includes("a reason"), "the operator's reason is told");
      agree("requests to it", peer.received.length, asked);
      await forget(admin, peer.domain);
      await knockAndEnter(world, peer);
      (await lookUp(world, peer.domain, name)).ok("a look-up once it is allowed again");
    },
    "a rule for all names below one holds for each": async (world) => {
      const admin = await world.admin();
      const peer = await world.knownPeer("judged");
      const [, ...rest] = peer.domain.split(".");
      const subject = `*.${rest.join(".")}`;
      await decide(admin, subject, { action: "deny" });
      try {
        await refuses(world, peer, { "a request of it": [{}, "peerDenied"] });
        await decide(admin, peer.domain, { action: "allow" });
        await knockAndEnter(world, peer);
      } finally {
        await forget(admin, peer.domain);
        await forget(admin, subject);
      }
      await knockAndEnter(world, peer);
    },
    "a server beyond its own rate gets peerLimited": async (world) => {
      const admin = await world.admin();
      const peer = await world.knownPeer("judged");
      await decide(admin, peer.domain, { action: "limit", perMinute: 2 });
      await knockAndEnter(world, peer);
      await knockAndEnter(world, peer);
      const answer = await knock(await makeKnock(world, peer));
      answer.refused("a request beyond the rate", "peerLimited");
      const wait = answer.member("retryAfterMs");
      ensure(typeof wait === "number" && wait > 0, `peerLimited has retryAfterMs ${String(wait)}`);
      await forget(admin, peer.domain);
      await knockAndEnter(world, peer);
    },
    "a rule ends by itself": async (world) => {
      const admin = await world.admin();
      const peer = await world.knownPeer("judged");
      const expiresAt = Date.now() + 3_000;
      await decide(admin, peer.domain, { action: "deny", expiresAt });
      await refuses(world, peer, { "a request of it": [{}, "peerDenied"] });
      await new Promise((resolve) => {
        setTimeout(resolve, expiresAt + 100 - Date.now());
      });
      await knockAndEnter(world, peer);
      await forget(admin, peer.domain);
    },
  }),
];

async function decide(admin: Account, subject: string, decision: object): Promise<void> {
  (await admin.ask("PUT", paths.federationRule(subject), decision)).ok("a rule");
}

async function forget(admin: Account, subject: string): Promise<void> {
  const answer = await admin.ask("DELETE", paths.federationRule(subject));
  if (answer.code !== "notFound") answer.ok("the end of a rule");
}
