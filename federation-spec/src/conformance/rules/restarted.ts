import { equalBytes, parseSignature, toBase64Url } from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import { random } from "../clients/person.ts";
import { ensure } from "../outcome.ts";
import { refusal } from "../peers/reply.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import { lookUp } from "./directory.ts";

/** What a server is asked for by one that has restarted. */
export const restartedRules: readonly Rule[] = [
  rule("FED-1116", "a server that has restarted is heard by", {
    "it begins the nonce of its second try as it is asked to": async (world) => {
      const peer = world.peer("restarted");
      const start = random(8);
      const nonces: Bytes[] = [];
      peer.scripts.set("identifierQuery", async (request, usual) => {
        const { nonce } = parseSignature(request.headers);
        nonces.push(nonce);
        if (equalBytes(nonce.subarray(0, start.length), start)) return usual();
        const nonceStart = toBase64Url(start);
        return refusal("signatureInvalid", { serverTime: Date.now(), nonceStart });
      });
      const answer = await lookUp(world, peer.domain, peer.user("patient").person.name);
      answer.ok("a look-up at a server that has restarted");
      ensure(nonces.length <= 2, `it tried ${nonces.length} times`);
    },
    "what has another length is none": async (world) => {
      const peer = world.peer("restarted");
      const nonces: Bytes[] = [];
      peer.scripts.set("identifierQuery", async (request, usual) => {
        nonces.push(parseSignature(request.headers).nonce);
        if (nonces.length > 1) return usual();
        const nonceStart = toBase64Url(new Uint8Array(7));
        return refusal("signatureInvalid", { serverTime: Date.now(), nonceStart });
      });
      const answer = await lookUp(world, peer.domain, peer.user("hasty").person.name);
      answer.ok("a look-up at a server that asks for something else");
      const begun = nonces.filter((nonce) => nonce.subarray(0, 7).every((octet) => octet === 0));
      ensure(begun.length === 0, "it begins a nonce with less than it may");
    },
  }),
];
