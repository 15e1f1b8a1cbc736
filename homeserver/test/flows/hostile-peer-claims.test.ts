import {
  countersignClientList,
  identifierResponseCodec,
  keyMaterialRequestCodec,
  keyMaterialResponseCodec,
  MEDIA_TYPE_TLS,
  parseDomain,
  parseUserUri,
  peerRoutes,
  RATE_LIMITS,
  signedClientListCodec,
  signKeyMaterialRequest,
  userUri,
  utf8Encode,
} from "@treehouse/protocol";
import type { UserUri } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { befriend } from "../../../client-sdk/test/world/friends.ts";
import { gather } from "../federation-e2e/people.ts";
import { recordWire } from "../federation-e2e/wire.ts";
import { startSiege } from "../hostile-peer/siege.ts";
import type { Siege } from "../hostile-peer/siege.ts";
import { turnCoat } from "../hostile-peer/turncoat.ts";
import type { Turncoat } from "../hostile-peer/turncoat.ts";
import { createPerson, testCrypto } from "../people/person.ts";
import { askAs, rawKey } from "../peers/raw-peer.ts";
import type { Answer } from "../peers/raw-peer.ts";

let siege: Siege;
let mallory: Turncoat;
/** Somebody whom the hostile server has made up: it has all of her keys. */
const eve = createPerson("eve", { domain: "mallory.example" });
const countersigner = rawKey("countersigner");
const vouchedFor = signedClientListCodec.encode(
  countersignClientList(signedClientListCodec.decode(eve.clientList), "countersigner", (message) =>
    testCrypto.sign(countersigner.privateKey, message),
  ),
);

beforeAll(async () => {
  siege = await startSiege({
    names: ["alpha", "beta", "mallory"],
    settings: { TREEHOUSE__LIMITS__CLAIMS_PER_PAIR: String(RATE_LIMITS.claimPerPair.count) },
  });
  const { world, alice } = siege;
  const wire = recordWire(world.link("mallory", "alpha"));
  const carl = await world.register("carl@mallory.example");
  await befriend(alice, carl);
  await gather([carl, alice], "followed");
  await carl.close();
  mallory = await turnCoat(world.server("mallory"), wire);
  mallory.respond = (path, _body, response) => {
    if (!path.startsWith("/federation/v1/identifiers/")) {
      response.writeHead(503).end();
      return;
    }
    response.setHeader("content-type", MEDIA_TYPE_TLS);
    const countersigners = [{ kid: countersigner.kid, key: countersigner.publicKey }];
    const clientList = vouchedFor;
    response.end(identifierResponseCodec.encode({ status: "success", clientList, countersigners }));
  };
}, 120_000);

afterAll(async () => {
  await mallory.close();
  await siege[Symbol.asyncDispose]();
});

let transactions = 0;

/** Claims KeyPackages of a user; under a transaction id of its own, if none is given. */
function claim(target: UserUri, body: Uint8Array, transaction?: string): Promise<Answer> {
  transactions += 1;
  const transactionId = transaction ?? transactions.toString(16).padStart(32, "0");
  return askAs(mallory, siege.target, {
    path: peerRoutes.keyMaterial.replace("{targetUser}", encodeURIComponent(target)),
    body,
    signed: { transactionId },
    headers: { "mimi-transaction-id": transactionId },
  });
}

/** What came of it: a status of the answer, or the code of the refusal. */
function outcomeOf(answer: Answer): string {
  if (answer.refusal !== undefined) return answer.refusal.code;
  return keyMaterialResponseCodec.decode(new Uint8Array(answer.body)).status;
}

/** Eve asks for somebody, by all rules. */
function byEve(target: UserUri): Uint8Array {
  const { clientKeys, client, user } = eve;
  return keyMaterialRequestCodec.encode(
    signKeyMaterialRequest(
      {
        requestingUser: user,
        targetUser: target,
        room: undefined,
        acceptableCiphersuites: [1],
        requiredCapabilities: { extensions: [], proposals: [], credentials: [] },
        requesterSignatureKey: clientKeys.publicKey,
        requesterCredential: { identity: utf8Encode(client) },
      },
      (message) => testCrypto.sign(clientKeys.privateKey, message),
    ),
  );
}

test("H-15 FED-963 without consent nothing is given, and nobody learns who exists", async () => {
  const alice = parseUserUri(siege.alice.me.user);
  const nobody = userUri(parseDomain("alpha.example"), "nobody");
  const objections = await siege.endure(async () => {
    const answers = [await claim(alice, byEve(alice)), await claim(nobody, byEve(nobody))];
    for (const answer of answers) expect(outcomeOf(answer)).toBe("noConsent");
    const [one, other] = answers.map(({ body }) => body.length);
    // The answers differ in nothing but the name that was asked for.
    expect((one ?? 0) - alice.length).toBe((other ?? 0) - nobody.length);
  });
  expect(objections).toEqual([]);
});

test("H-15 a flood of claims gives one KeyPackage for each transaction, and as many as an hour allows", async () => {
  const alice = parseUserUri(siege.alice.me.user);
  const [captured] = mallory.bodiesTo(peerRoutes.keyMaterial.replace("{targetUser}", ""));
  if (captured === undefined) throw new Error("nothing was claimed");
  const objections = await siege.endure(async () => {
    const same = "f".repeat(32);
    const again = [];
    for (let sent = 0; sent < 30; sent += 1) again.push(await claim(alice, captured.body, same));
    expect(new Set(again.map(({ body }) => body.toString("hex"))).size).toBe(1);
    expect(outcomeOf(again[0] ?? (await claim(alice, captured.body, same)))).toBe("success");
    expect(outcomeOf(await claim(alice, byEve(alice), same))).toBe("transactionConflict");

    const outcomes: string[] = [];
    for (let sent = 0; sent < 80; sent += 1) {
      outcomes.push(outcomeOf(await claim(alice, captured.body)));
    }
    const given = outcomes.filter((outcome) => outcome === "success").length;
    expect(given).toBeLessThanOrEqual(RATE_LIMITS.claimPerPair.count);
    expect(outcomes.at(-1)).toBe("rateLimited");
    expect(new Set(outcomes)).toEqual(new Set(["success", "rateLimited"]));

    const broken = captured.body.slice();
    broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
    expect(outcomeOf(await claim(alice, broken))).toMatch(/^(identityInvalid|rateLimited)$/);
  }, [/^key_packages_/]);
  expect(objections).toEqual([]);
  // Whoever is honest gets one all the same: the last resort is given more than once.
  const { world, bob } = siege;
  const found = await gather([bob, siege.alice], "after the flood");
  expect(found).toContain("mimi://beta.example/r/");
  expect(world.server("alpha").pid()).toBeGreaterThan(0);
});
