import {
  concatBytes,
  fromBase64,
  fromHex,
  MEDIA_TYPE_TLS,
  toBase64,
  toBase64Url,
} from "@treehouse/protocol";
import { random } from "../clients/person.ts";
import type { Header } from "../http/send.ts";
import { agree, ensure, Failed } from "../outcome.ts";
import { withHeader } from "../peers/ask.ts";
import type { Tweak } from "../peers/ask.ts";
import { isCreatedAt } from "../peers/judge-request.ts";
import { refusal } from "../peers/reply.ts";
import type { SignatureForm } from "../peers/sign-request.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import { lookUp } from "./directory.ts";
import { entered, knock, knockAndEnter, makeKnock, refuses } from "./knock.ts";
import { seenIn } from "./seen.ts";

/** What a signature must cover and look like, and how long it is good. */
export const signatureRules: readonly Rule[] = [
  rule(
    "FED-905",
    "a request has a signature of exactly the profile's form",
    {
      "a signature over something else is refused": async (world) => {
        const peer = await world.knownPeer("a");
        await knockAndEnter(world, peer);
        await refuses(world, peer, {
          "for another server": [
            { signed: { authority: "other.test" }, sent: { host: world.subject.domain } },
            "signatureInvalid",
          ],
          "with another method": [
            { signed: { method: "PUT" }, sent: { method: "POST" } },
            "signatureInvalid",
          ],
          "for another path": [
            { signed: { path: "/elsewhere" }, sent: { path: notify(world) } },
            "signatureInvalid",
          ],
          "with another transaction id": [
            { headers: withHeader("mimi-transaction-id", "0".repeat(32)) },
            "signatureInvalid",
          ],
          "altered in one bit": [
            { headers: alterSignature((octets) => flip(octets, 40)) },
            "signatureInvalid",
          ],
          "altered in its nonce": [
            { headers: alterInput(/nonce="[^"]*"/, `nonce="${toBase64Url(random(16))}"`) },
            "signatureInvalid",
          ],
        });
      },
      "a signature of which a header is missing or there twice is refused": async (world) => {
        const peer = await world.knownPeer("a");
        const without = (name: string): Tweak => ({
          headers: (all) => all.filter(([each]) => each !== name),
        });
        const twice = (name: string): Tweak => ({
          headers: (all) => [...all, ...all.filter(([each]) => each === name)],
        });
        await refuses(world, peer, {
          "no signature-input": [without("signature-input"), "signatureInvalid"],
          "no signature": [without("signature"), "signatureInvalid"],
          "neither of them": [
            { headers: (all) => all.filter(([name]) => !name.startsWith("signature")) },
            "signatureInvalid",
          ],
          "two signature-inputs": [twice("signature-input"), "signatureInvalid"],
          "two signatures": [twice("signature"), "signatureInvalid"],
        });
      },
      "a component that is not covered is missed": async (world) => {
        const peer = await world.knownPeer("a");
        const names = [
          "@method",
          "@authority",
          "@path",
          "from",
          "content-digest",
          "mimi-transaction-id",
        ];
        const wrong = names.map((name) => {
          const form = (whole: SignatureForm): SignatureForm => ({
            ...whole,
            components: whole.components.filter(({ item }) => item !== `"${name}"`),
          });
          return [`without ${name}`, [{ form }, "signatureInvalid"]] as const;
        });
        await refuses(world, peer, Object.fromEntries(wrong));
      },
      "other forms are refused, though their octets are signed": async (world) => {
        const peer = await world.knownPeer("a");
        const form = (change: (form: SignatureForm) => Partial<SignatureForm>): Tweak => ({
          form: (whole) => ({ ...whole, ...change(whole) }),
        });
        const parameters = (from: RegExp, to: string): Tweak =>
          form((whole) => ({ parameters: whole.parameters.replace(from, to) }));
        await refuses(world, peer, {
          "another label": [form(() => ({ label: "sig2" })), "signatureInvalid"],
          "components in another order": [
            form(({ components }) => ({ components: components.toReversed() })),
            "signatureInvalid",
          ],
          "a component more": [
            form(({ components }) => ({
              components: [...components, { item: '"content-type"', value: MEDIA_TYPE_TLS }],
            })),
            "signatureInvalid",
          ],
          "the algorithm named": [parameters(/$/, ';alg="ed25519"'), "signatureInvalid"],
          "an end named": [parameters(/$/, ";expires=9999999999"), "signatureInvalid"],
          "no tag": [parameters(/;tag="mimi-fed"/, ""), "signatureInvalid"],
          "another tag": [parameters(/mimi-fed/, "mimi"), "signatureInvalid"],
          "no nonce": [parameters(/;nonce="[^"]*"/, ""), "signatureInvalid"],
          "no time": [parameters(/;created=\d+/, ""), "signatureInvalid"],
          "no key id": [parameters(/;keyid="[^"]*"/, ""), "signatureInvalid"],
          "parameters in another order": [
            parameters(/(;created=\d+)(;keyid="[^"]*")/, "$2$1"),
            "signatureInvalid",
          ],
          "a time with a fraction": [parameters(/(created=\d+)/, "$1.5"), "signatureInvalid"],
          "a time as a text": [parameters(/created=(\d+)/, 'created="$1"'), "signatureInvalid"],
          "a nonce of 15 octets": [
            { signed: { nonce: toBase64Url(random(15)) } },
            "signatureInvalid",
          ],
          "a nonce of 17 octets": [
            { signed: { nonce: toBase64Url(random(17)) } },
            "signatureInvalid",
          ],
        });
      },
      "a request with a query is refused, whether or not that is signed": async (world) => {
        const peer = await world.knownPeer("a");
        const path = notify(world);
        await refuses(world, peer, {
          "a query beside what is signed": [{ sent: { path: `${path}?a=b` } }, "signatureInvalid"],
          "an empty query": [{ sent: { path: `${path}?` } }, "signatureInvalid"],
          "a query that is signed": [{ signed: { path: `${path}?a=b` } }, "signatureInvalid"],
        });
      },
      "FED-131 holds for these signatures too": async (world) => {
        const peer = await world.knownPeer("a");
        await refuses(world, peer, {
          "S beyond the group's order": [{ headers: alterSignature(addOrder) }, "signatureInvalid"],
        });
        const weak = world.peer("weak");
        const identity = new Uint8Array(32).fill(0);
        identity[0] = 1;
        weak.alter = (document) => ({
          ...document,
          keys: document.keys.map((key) => ({ ...key, x: toBase64Url(identity) })),
        });
        const anything = concatBytes(identity, new Uint8Array(32));
        await refuses(world, weak, {
          "a key of small order, for which one signature fits everything": [
            { headers: alterSignature(() => anything) },
            "signatureInvalid",
            "peerUnknown",
          ],
        });
      },
    },
    { last: { "its own requests have it": seenIn("FED-905") } },
  ),
  rule("FED-909", "a signature is good for 300 s before and after", {
    "what is older or newer is refused, with the server's time": async (world) => {
      const peer = await world.knownPeer("a");
      const now = Math.floor(Date.now() / 1000);
      for (const created of [now - 330, now + 330, now + 366 * 86_400, 0]) {
        const made = await makeKnock(world, peer);
        const answer = await knock(made, { signed: { created } });
        answer.refused(`signed ${created - now} s from now`, "signatureInvalid");
        const { serverTime, date } = {
          serverTime: answer.member("serverTime"),
          date: answer.headers.date,
        };
        ensure(
          typeof serverTime === "number" && Math.abs(serverTime - Date.now()) < 120_000,
          `the refusal has the serverTime ${String(serverTime)}`,
        );
        const told = Date.parse(date ?? "");
        ensure(Math.abs(told - serverTime) < 2_000, `the refusal has the header date ${date}`);
        const doris = await world.account("doris");
        agree("what Doris sees of who asked", await doris.contact(made.stranger), undefined);
      }
    },
    "what is signed 270 s ahead is taken": async (world) => {
      const created = Math.floor(Date.now() / 1000) + 270;
      await knockAndEnter(world, await world.knownPeer("a"), { signed: { created } });
    },
    "it tries once more by the other one's clock": async (world) => {
      const peer = world.peer("ahead");
      const aheadMs = 3_600_000;
      peer.scripts.set("identifierQuery", async (request, usual) => {
        const theirs = Date.now() + aheadMs;
        if (isCreatedAt(request, theirs / 1000)) return usual();
        return refusal("signatureInvalid", { serverTime: theirs });
      });
      const known = peer.user("punctual");
      const answer = await lookUp(world, peer.domain, known.person.name);
      answer.ok("a look-up at a server whose clock is an hour ahead");
      const tries = peer.requests("identifierQuery").length;
      ensure(tries <= 2, `it tried ${tries} times`);
    },
  }),
  rule(
    "FED-910",
    "a nonce is taken once",
    {
      "a request that comes again is refused": async (world) => {
        const peer = await world.knownPeer("a");
        const made = await makeKnock(world, peer);
        const created = Math.floor(Date.now() / 1000);
        const nonce = toBase64Url(random(16));
        const same = { signed: { created, nonce, transactionId: "0123456789abcdef".repeat(2) } };
        entered(await knock(made, same), made);
        (await knock(made, same)).refused("the same request once more", "replayed");
        (await knock(made, same)).refused("and again", "replayed");
      },
      "a nonce of another request is refused": async (world) => {
        const peer = await world.knownPeer("a");
        const nonce = toBase64Url(random(16));
        await knockAndEnter(world, peer, { signed: { nonce } });
        await refuses(world, peer, {
          "a nonce again": [{ signed: { nonce } }, "replayed"],
          "with another time": [
            { signed: { nonce, created: Math.floor(Date.now() / 1000) + 9 } },
            "replayed",
          ],
        });
      },
      "a nonce that differs in a few octets is another one": async (world) => {
        const peer = await world.knownPeer("a");
        const nonce = random(16);
        await knockAndEnter(world, peer, { signed: { nonce: toBase64Url(nonce) } });
        for (const at of [0, 7, 8, 15]) {
          const other = toBase64Url(flip(nonce, at));
          await knockAndEnter(world, peer, { signed: { nonce: other } });
        }
      },
      "another server may use the same nonce": async (world) => {
        const nonce = toBase64Url(random(16));
        await knockAndEnter(world, await world.knownPeer("a"), { signed: { nonce } });
        await knockAndEnter(world, await world.knownPeer("b"), { signed: { nonce } });
      },
    },
    { last: { "its own requests have new ones": seenIn("FED-910") } },
  ),
];

function notify({ subject }: Parameters<typeof lookUp>[0]): string {
  const { directory } = subject;
  if (directory === undefined) throw new Failed("the directory cannot be read");
  return new URL(directory.endpoints.notify).pathname;
}

/** Changes the octets of the signature on the wire. */
function alterSignature(change: (octets: Uint8Array) => Uint8Array) {
  return (headers: readonly Header[]): readonly Header[] => {
    const text = headers.find(([name]) => name === "signature")?.[1] ?? "";
    const octets = change(fromBase64(text.slice("sig1=:".length, -1)));
    return withHeader("signature", `sig1=:${toBase64(octets)}:`)(headers);
  };
}

function alterInput(from: RegExp, to: string) {
  return (headers: readonly Header[]): readonly Header[] => {
    const text = headers.find(([name]) => name === "signature-input")?.[1] ?? "";
    return withHeader("signature-input", text.replace(from, to))(headers);
  };
}

function flip(octets: Uint8Array, at: number): Uint8Array {
  return octets.map((octet, index) => (index === at ? octet ^ 1 : octet));
}

/** L of RFC 8032 §5.1, least octet first. */
const order = fromHex(`edd3f55c1a631258d69cf7a2def9de14${"00".repeat(15)}10`);

/** The same signature to a verifier that does not bound S. */
function addOrder(octets: Uint8Array): Uint8Array {
  let carry = 0;
  const sum = octets.map((octet, index) => {
    if (index < 32) return octet;
    const value = octet + (order[index - 32] ?? 0) + carry;
    carry = value >> 8;
    return value & 0xff;
  });
  return sum;
}
