import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DirectoryDocument } from "../../src/index.ts";
import {
  certifyFederationKey,
  commonVersion,
  directorySchema,
  endpointNames,
  ENDPOINTS,
  expandTemplate,
  mintRoomUri,
  parseDomain,
  PEER_CAPABILITIES,
  peerRoutes,
  Refusal,
  toBase64Url,
  userUri,
  verifyFederationKey,
  VERSIONS,
} from "../../src/index.ts";
import { keyPairOf, verifyEd25519 } from "../ed25519.ts";

const domain = parseDomain("a.example");
const [first, second] = [keyPairOf(1), keyPairOf(2)];
const room = mintRoomUri(domain, (length) => new Uint8Array(length));
const at = (path: string) => `https://a.example${path}`;
const endpoints = {
  keyMaterial: at(peerRoutes.keyMaterial),
  update: at(peerRoutes.update),
  notify: at(peerRoutes.notify),
  submitMessage: at(peerRoutes.submitMessage),
  groupInfo: at(peerRoutes.groupInfo),
  tree: at(peerRoutes.tree),
  leave: at(peerRoutes.leave),
  ephemeral: at(peerRoutes.ephemeral),
  asset: at(peerRoutes.asset),
  assetsForgotten: at(peerRoutes.assetsForgotten),
  events: at(peerRoutes.events),
  standing: at(peerRoutes.standing),
  hubOffer: at(peerRoutes.hubOffer),
  takeOver: at(peerRoutes.takeOver),
  identifierQuery: at(peerRoutes.identifierQuery),
};
const values = {
  domain,
  targetUser: userUri(domain, "alice"),
  roomId: room,
};

const plain: DirectoryDocument = {
  profile: "mimi-06+1",
  versions: [...VERSIONS],
  domain: "a.example",
  capabilities: [...PEER_CAPABILITIES],
  keys: [
    { kid: "1", kty: "OKP", crv: "Ed25519", x: toBase64Url(first.publicKey), notBefore: 1000 },
    {
      kid: "2",
      kty: "OKP",
      crv: "Ed25519",
      x: toBase64Url(second.publicKey),
      notBefore: 2000,
      exp: 9000,
      certifiedBy: "1",
      certificate: toBase64Url(new Uint8Array(64)),
    },
  ],
  countersigners: [{ kid: "2026-1", x: toBase64Url(first.publicKey) }],
  endpoints,
  limits: { maxBody: 1, maxNotifyBody: 2, eventRetentionSeconds: 0 },
};

describe("FED-902 a directory", () => {
  test("is read with its keys as octets", () => {
    const directory = directorySchema.parse(plain);
    expect(directory.keys).toEqual([
      { kid: "1", kty: "OKP", crv: "Ed25519", x: first.publicKey, notBefore: 1000 },
      {
        ...plain.keys[1],
        x: second.publicKey,
        certificate: new Uint8Array(64),
      },
    ]);
    expect(directory.countersigners).toEqual([{ kid: "2026-1", x: first.publicKey }]);
    expect(directory.endpoints).toEqual(endpoints);
  });

  test("FED-919 may say more than we know, and list keys of other kinds", () => {
    const other = { kid: "pq", kty: "AKP", alg: "ML-DSA-44", pub: "AA" };
    const later = { kid: "x", kty: "OKP", crv: "Ed448", x: "AA" };
    const directory = directorySchema.parse({
      ...plain,
      news: [1],
      versions: ["mimi-06+2", "mimi-06+1", "something else"],
      capabilities: ["teleport"],
      keys: [other, { ...plain.keys[0], use: "sig" }, later],
      endpoints: { ...endpoints, moreOf: "https://a.example/{x}" },
      limits: { ...plain.limits, maxMore: 1 },
    });
    expect(directory.keys.map(({ kid }) => kid)).toEqual(["1"]);
    expect(Object.keys(directory)).not.toContain("news");
    expect(Object.keys(directory.endpoints)).not.toContain("moreOf");
  });

  const [key] = plain.keys;
  const wrong: readonly (readonly [string, object])[] = [
    ["without versions", { versions: [] }],
    ["with 17 versions", { versions: Array.from({ length: 17 }, (_, index) => `v${index}`) }],
    ["with a long version", { versions: ["v".repeat(65)] }],
    ["of something that is no domain", { domain: "127.0.0.1" }],
    ["with 17 keys", { keys: Array.from({ length: 17 }, (_, kid) => ({ ...key, kid: `${kid}` })) }],
    ["with a key id twice", { keys: [key, key] }],
    ["with a key id that no header can carry", { keys: [{ ...key, kid: 'a"b' }] }],
    ["with a key of 31 octets", { keys: [{ ...key, x: toBase64Url(new Uint8Array(31)) }] }],
    ["with a key in another spelling", { keys: [{ ...key, x: `${"A".repeat(42)}B` }] }],
    ["with a key without time", { keys: [{ ...key, notBefore: undefined }] }],
    ["with a key from before 1970", { keys: [{ ...key, notBefore: -1 }] }],
    ["with a certificate of 63 octets", { keys: [{ ...key, certificate: "A".repeat(84) }] }],
    [
      "with a countersigner twice",
      { countersigners: [...plain.countersigners, ...plain.countersigners] },
    ],
    ["without an endpoint", { endpoints: { ...endpoints, notify: undefined } }],
    [
      "with a template of another variable",
      { endpoints: { ...endpoints, update: "https://a.example/{x}" } },
    ],
    ["with a body limit of 0", { limits: { ...plain.limits, maxBody: 0 } }],
  ];

  test.each(wrong)("%s is refused", (_, change) => {
    expect(directorySchema.safeParse({ ...plain, ...change }).success).toBe(false);
  });

  test("is refused or read, whatever the JSON", () => {
    const property = fc.property(fc.jsonValue(), (json) => {
      expect(directorySchema.safeParse(json).success).toBe(false);
    });
    fc.assert(property);
  });
});

describe("FED-904 templates", () => {
  test.each(endpointNames)("%s: its variable is percent-encoded as one segment", (name) => {
    const variable = ENDPOINTS[name];
    const value = variable === undefined ? undefined : values[variable];
    const url = new URL(expandTemplate(name, endpoints[name], value));
    const expected = peerRoutes[name].split("/").map((segment) => {
      return segment === `{${variable}}` ? (value ?? "") : segment;
    });
    expect(url.pathname.split("/").map(decodeURIComponent)).toEqual(expected);
    expect(url.host).toBe("a.example");
  });

  test("of another form are refused", () => {
    const bad = [
      "https://a.example/{roomId}/{roomId}",
      "https://a.example/",
      "/{roomId}/{}",
      "{room}",
    ];
    for (const template of bad) {
      expect(() => expandTemplate("update", template, room)).toThrow(Refusal);
    }
    expect(() => expandTemplate("notify", "https://a.example/{roomId}", undefined)).toThrow(
      Refusal,
    );
    expect(() =>
      expandTemplate("update", `https://a.example/${"a".repeat(2048)}{roomId}`, room),
    ).toThrow(Refusal);
    expect(() => expandTemplate("update", endpoints.update, undefined)).toThrow(TypeError);
  });

  test("take values with dollars for what they are", () => {
    expect(expandTemplate("update", "https://a.example/{roomId}/x", "$&")).toBe(
      "https://a.example/%24%26/x",
    );
  });
});

test("FED-911 a certificate binds a new key to its domain, id and times by a known one", () => {
  const key = { domain, kid: "2", key: second.publicKey, notBefore: 5, expires: 0 };
  const certificate = certifyFederationKey(key, first.sign);
  const verdict = (change: object, certifier = first.publicKey) =>
    verifyFederationKey({ ...key, ...change }, certificate, certifier, verifyEd25519);
  expect(verdict({})).toBe(true);
  expect(verdict({}, second.publicKey)).toBe(false);
  const changes = [
    { domain: parseDomain("b.example") },
    { kid: "3" },
    { key: first.publicKey },
    { notBefore: 6 },
    { expires: 1 },
  ];
  for (const change of changes) expect(verdict(change)).toBe(false);
});

describe("FED-918 the common version", () => {
  test.each([
    [["mimi-06+1"], ["mimi-06+1"], "mimi-06+1"],
    [["mimi-06+1", "mimi-06+2"], ["mimi-06+2", "mimi-06+1"], "mimi-06+2"],
    [["mimi-06+9", "mimi-06+10"], ["mimi-06+9", "mimi-06+10"], "mimi-06+10"],
    [["mimi-06+9", "mimi-07+1"], ["mimi-07+1", "mimi-06+9"], "mimi-07+1"],
    [["mimi-06+1"], ["mimi-06+2"], undefined],
    [["mimi-06+1"], [], undefined],
    [["newest"], ["newest"], undefined],
  ])("of %j and %j is %s", (ours, theirs, common) => {
    expect(commonVersion(ours, theirs)).toBe(common);
  });

  test("is the same for both sides, and one of both", () => {
    const versions: fc.Arbitrary<string[]> = fc.array(
      fc.constantFrom("mimi-05+1", "mimi-06+1", "mimi-06+2", "mimi-10+1", "x", ""),
    );
    const property = fc.property(versions, versions, (ours, theirs) => {
      const common = commonVersion(ours, theirs);
      expect(common).toBe(commonVersion(theirs, ours));
      const lists = common === undefined ? [] : [ours, theirs];
      expect(lists.every((list) => list.includes(common ?? ""))).toBe(true);
    });
    fc.assert(property);
  });
});
