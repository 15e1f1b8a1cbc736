import { parseDomain } from "@treehouse/protocol";
import { agree } from "../outcome.ts";
import { withHeader } from "../peers/ask.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import { fetchDirectory } from "../subject.ts";
import { knock, knockAndEnter, makeKnock, refuses } from "./knock.ts";
import { seenIn } from "./seen.ts";

/** Names, and the three headers beside the signature. */
export const hostRules: readonly Rule[] = [
  rule(
    "FED-901",
    "a server answers under its own name alone",
    {
      "asked for another domain it is misdirected": async (world) => {
        const peer = await world.knownPeer("a");
        await knockAndEnter(world, peer);
        const { domain } = world.subject;
        await refuses(world, peer, {
          "another domain": [{ signed: { authority: "other.test" } }, "misdirected"],
          "a name below its own": [{ signed: { authority: `www.${domain}` } }, "misdirected"],
          "another Host than was signed": [{ sent: { host: "other.test" } }, "misdirected"],
          "an address": [{ signed: { authority: "127.0.0.1" } }, "misdirected"],
        });
      },
      "its directory names its own domain, whatever name it is asked by": async ({ subject }) => {
        const answer = await fetchDirectory(subject.servers, "other.test");
        if (!answer.succeeded) return;
        agree("the domain in the directory", answer.member("domain"), subject.domain);
      },
    },
    { last: { "it asks others by their domain": seenIn("FED-901") } },
  ),
  rule(
    "FED-906",
    "a request is of the server that it names",
    {
      "a sender that is not there once, in its form, is refused": async (world) => {
        const peer = await world.knownPeer("a");
        const { domain } = peer;
        const from = (text: string) => ({ signed: { from: text } });
        await refuses(world, peer, {
          "no sender": [
            { headers: (all) => all.filter(([name]) => name !== "from") },
            "signatureInvalid",
          ],
          "two senders": [
            { headers: withHeader("from", [`mimi@${domain}`, `mimi@${domain}`]) },
            "signatureInvalid",
          ],
          "a sender without mimi@": [from(domain), "signatureInvalid"],
          "a sender with a port": [from(`mimi@${domain}:443`), "signatureInvalid"],
          "a sender in capitals": [from(`mimi@${domain.toUpperCase()}`), "signatureInvalid"],
          "a sender that is an address": [from("mimi@127.0.0.1"), "signatureInvalid"],
        });
      },
      "a key speaks for its own server alone": async (world) => {
        const peer = await world.knownPeer("a");
        const other = await world.knownPeer("b");
        await refuses(world, peer, {
          "another server's key": [
            { key: other.signingKey, signed: { kid: other.signingKey.kid } },
            "signatureInvalid",
            "peerUnknown",
          ],
          "the own key in another server's name": [
            { signed: { from: `mimi@${other.domain}` } },
            "signatureInvalid",
            "peerUnknown",
          ],
          "the tested server's own name": [
            { signed: { from: `mimi@${parseDomain(world.subject.domain)}` } },
            "signatureInvalid",
            "peerUnknown",
          ],
        });
      },
    },
    { last: { "its own requests name it": seenIn("FED-906") } },
  ),
  rule(
    "FED-907",
    "the digest is that of the octets as they came",
    {
      "another digest is refused": async (world) => {
        const peer = await world.knownPeer("a");
        const digest = (text: string) => ({ signed: { contentDigest: text } });
        const zeros = "A".repeat(43);
        await refuses(world, peer, {
          "no digest": [
            { headers: (all) => all.filter(([name]) => name !== "content-digest") },
            "digestMismatch",
          ],
          "the digest of another body": [digest(`sha-256=:${zeros}=:`), "digestMismatch"],
          "another algorithm": [digest(`sha-512=:${zeros}${zeros}==:`), "digestMismatch"],
          "an obsolete spelling": [digest(`SHA-256=${zeros}=`), "digestMismatch"],
          "two digests": [digest(`sha-256=:${zeros}=:, sha-256=:${zeros}=:`), "digestMismatch"],
          "another body": [{ sent: { body: new Uint8Array(17) } }, "digestMismatch"],
          "no body": [{ sent: { body: new Uint8Array(0) } }, "digestMismatch"],
        });
      },
      "one octet more than was digested is refused": async (world) => {
        const peer = await world.knownPeer("a");
        const made = await makeKnock(world, peer);
        const body = new Uint8Array([...made.body, 0]);
        (await knock(made, { sent: { body } })).refused("a longer body", "digestMismatch");
      },
      "a compressed request is refused": async (world) => {
        const peer = await world.knownPeer("a");
        const encoding = (value: string) => ({ headers: withHeader("content-encoding", value) });
        await refuses(world, peer, {
          gzip: [encoding("gzip"), "unsupportedMediaType"],
          deflate: [encoding("deflate"), "unsupportedMediaType"],
          "an unknown encoding": [encoding("squeezed"), "unsupportedMediaType"],
          identity: [encoding("identity"), "unsupportedMediaType"],
        });
      },
    },
    { last: { "its own requests have it": seenIn("FED-907") } },
  ),
  rule(
    "FED-908",
    "a transaction id is 16 octets in lower-case hexadecimal",
    {
      "what has none in its form is refused": async (world) => {
        const peer = await world.knownPeer("a");
        const id = (text: string) => ({ signed: { transactionId: text } });
        const good = "0123456789abcdef0123456789abcdef";
        await refuses(world, peer, {
          "no transaction id": [
            { headers: (all) => all.filter(([name]) => name !== "mimi-transaction-id") },
            "signatureInvalid",
          ],
          "two of them": [
            { headers: withHeader("mimi-transaction-id", [good, good]) },
            "signatureInvalid",
          ],
          capitals: [id(good.toUpperCase()), "signatureInvalid"],
          "a digit less": [id(good.slice(1)), "signatureInvalid"],
          "a digit more": [id(`${good}0`), "signatureInvalid"],
          "another letter": [id(good.replace("f", "g")), "signatureInvalid"],
        });
      },
    },
    { last: { "its own requests have one": seenIn("FED-908") } },
  ),
];
