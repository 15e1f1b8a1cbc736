import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ReceivedHeaders, SignedHeaders, SignedRequest } from "../../src/index.ts";
import {
  checkCreated,
  LIMITS,
  parseDomain,
  parsePeerHeaders,
  parseSignature,
  Refusal,
  sha256,
  signatureBase,
  signRequest,
  toBase64,
  utf8Encode,
  verifyRequest,
} from "../../src/index.ts";
import { serializeBase, serializeParameters } from "../../src/federation/signature-base.ts";
import { exactly } from "../arbitraries.ts";
import { keyPairOf, verifyEd25519 } from "../ed25519.ts";

const key = keyPairOf(1);
const stranger = keyPairOf(2);
const body = utf8Encode("a body");
const created = 1_767_225_600;
const request: SignedRequest = {
  method: "POST",
  authority: parseDomain("b.example"),
  path: "/federation/v1/rooms/mimi%3A%2F%2Fb.example%2Fr%2Faaaaaaaaaaaaaaaaaaaaaaaaaa/update",
  from: parseDomain("a.example"),
  digest: sha256(body),
  transactionId: "000102030405060708090a0b0c0d0e0f",
};
const parameters = { created, kid: "2026-1", nonce: new Uint8Array(16).fill(7) };
const headers = signRequest(request, parameters, key.sign);
const names = [
  "from",
  "content-digest",
  "mimi-transaction-id",
  "signature-input",
  "signature",
] as const;

/** The verdict of a receiver that was asked this. */
function verdict(received: ReceivedHeaders, asked: Partial<SignedRequest> = {}): string {
  try {
    const { method, authority, path } = { ...request, ...asked };
    const signed = { method, authority, path, ...parsePeerHeaders(received) };
    const signature = parseSignature(received);
    return verifyRequest(signed, signature, key.publicKey, verifyEd25519) ? "valid" : "invalid";
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

const refused = ["invalid", "signatureInvalid", "digestMismatch"];

test("FED-905 the text that is signed is that of RFC 9421 §2.5 over six components", () => {
  expect(signatureBase(request, parameters)).toBe(
    [
      '"@method": POST',
      '"@authority": b.example',
      `"@path": ${request.path}`,
      '"from": mimi@a.example',
      `"content-digest": sha-256=:${Buffer.from(sha256(body)).toString("base64")}:`,
      '"mimi-transaction-id": 000102030405060708090a0b0c0d0e0f',
      '"@signature-params": ("@method" "@authority" "@path" "from" "content-digest" ' +
        `"mimi-transaction-id");created=${created};keyid="2026-1";nonce="BwcHBwcHBwcHBwcHBwcHBw"` +
        ';tag="mimi-fed"',
    ].join("\n"),
  );
});

test("FED-905 the serialisation gives RFC 9421's own example of Ed25519, appendix B.2.6", () => {
  const jwk = {
    kty: "OKP",
    crv: "Ed25519",
    d: "n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU",
    x: "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs",
  };
  const components = [
    ["date", "Tue, 20 Apr 2021 02:07:55 GMT"],
    ["@method", "POST"],
    ["@path", "/foo"],
    ["@authority", "example.com"],
    ["content-type", "application/json"],
    ["content-length", "18"],
  ] as const;
  const input = serializeParameters(
    components.map(([name]) => name),
    [
      ["created", 1_618_884_473],
      ["keyid", "test-key-ed25519"],
    ],
  );
  expect(input).toBe(
    '("date" "@method" "@path" "@authority" "content-type" "content-length")' +
      ';created=1618884473;keyid="test-key-ed25519"',
  );
  const base = utf8Encode(serializeBase(components, input));
  const expected =
    "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==";
  const privateKey = createPrivateKey({ key: jwk, format: "jwk" });
  expect(toBase64(sign(null, base, privateKey))).toBe(expected);
  const publicKey = createPublicKey({ key: jwk, format: "jwk" });
  expect(verify(null, base, publicKey, Buffer.from(expected, "base64"))).toBe(true);
});

describe("H-01 FED-905 a signature is taken", () => {
  test("as it was made, its headers in any order and as single values of lists", () => {
    expect(verdict(headers)).toBe("valid");
    const turned = Object.fromEntries(Object.entries(headers).toReversed());
    expect(verdict(turned)).toBe("valid");
    const lists = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, [value]]),
    );
    expect(verdict(lists)).toBe("valid");
  });

  test("from no other key", () => {
    const signed = signRequest(request, parameters, stranger.sign);
    expect(verdict(signed)).toBe("invalid");
  });

  test.each(names)("not without the header %s, nor with it twice or joined", (name) => {
    const { [name]: value, ...others } = headers;
    expect(refused).toContain(verdict(others));
    expect(refused).toContain(verdict({ ...others, [name]: [value, value] }));
    expect(refused).toContain(verdict({ ...others, [name]: `${value}, ${value}` }));
    expect(refused).toContain(verdict({ ...others, [name]: [] }));
    expect(refused).toContain(verdict({ ...others, [name]: "" }));
  });

  test.each(names)("with no character of %s altered, added or left out", (name) => {
    const value = headers[name];
    for (let at = 0; at <= value.length; at++) {
      const [before, after] = [value.slice(0, at), value.slice(at)];
      const other = value[at] === "b" ? "c" : "b";
      const changes = at === value.length ? [] : ["", other];
      for (const change of changes) {
        const changed = before + change + after.slice(1);
        expect(refused).toContain(verdict({ ...headers, [name]: changed }));
      }
      for (const added of [" ", "A", '"', "\n", "\\", "ä"]) {
        const changed = before + added + after;
        expect(refused).toContain(verdict({ ...headers, [name]: changed }));
      }
    }
  });

  test("H-02 for no other method, server or path", () => {
    expect(verdict(headers, { method: "PUT" })).toBe("invalid");
    expect(verdict(headers, { authority: parseDomain("c.example") })).toBe("invalid");
    for (const path of [`${request.path}/`, "/", "", `${request.path}?a=1`, "/a b", "/\n", "/ä"]) {
      expect(verdict(headers, { path })).toBe("invalid");
    }
  });
});

const input = headers["signature-input"];
const otherForms: readonly (readonly [string, Partial<SignedHeaders>])[] = [
  ["another label", { "signature-input": input.replace("sig1", "sig2") }],
  ["a component less", { "signature-input": input.replace('"@path" ', "") }],
  [
    "components in another order",
    { "signature-input": input.replace('"@method" "@authority"', '"@authority" "@method"') },
  ],
  ["a component more", { "signature-input": input.replace('"from"', '"from" "date"') }],
  ["a component with a parameter", { "signature-input": input.replace('"@path"', '"@path";req') }],
  ["an algorithm", { "signature-input": `${input};alg="ed25519"` }],
  ["an expiry", { "signature-input": `${input};expires=1767225700` }],
  [
    "parameters in another order",
    { "signature-input": input.replace(/(;keyid="[^"]*")(;nonce="[^"]*")/, "$2$1") },
  ],
  ["no nonce", { "signature-input": input.replace(/;nonce="[^"]*"/, "") }],
  ["another tag", { "signature-input": input.replace("mimi-fed", "mimi") }],
  ["a time with a leading zero", { "signature-input": input.replace("created=", "created=0") }],
  ["a negative time", { "signature-input": input.replace("created=", "created=-") }],
  ["a time that is no integer", { "signature-input": input.replace("created=", "created=1e") }],
  ["a time in hexadecimal", { "signature-input": input.replace(/created=\d+/, "created=0x10") }],
  ["a second signature", { "signature-input": `${input}, sig2=()` }],
  ["a key id with a quote", { "signature-input": input.replace("2026-1", String.raw`2026\"1`) }],
  ["a nonce that is not canonical", { "signature-input": input.replace('BwcHBw"', 'BwcHBx"') }],
  [
    "a nonce of 15 octets",
    { "signature-input": input.replace("BwcHBwcHBwcHBwcHBwcHBw", "BwcHBwcHBwcHBwcHBwcH") },
  ],
  ["a signature in base64url", { signature: "sig1=:" + "-".repeat(86) + "==:" }],
  ["a signature of 63 octets", { signature: `sig1=:${toBase64(new Uint8Array(63))}:` }],
  ["a signature with parameters", { signature: `${headers.signature};a` }],
  ["a digest of SHA-512", { "content-digest": `sha-512=:${toBase64(new Uint8Array(64))}:` }],
  ["two digests", { "content-digest": `${headers["content-digest"]}, sha-512=:AA==:` }],
  ["a sender that is no domain", { from: "mimi@127.0.0.1" }],
  ["a sender with a capital", { from: "mimi@A.example" }],
  ["a sender with a port", { from: "mimi@a.example:443" }],
  ["a sender in another form", { from: "a.example" }],
  ["a transaction in capitals", { "mimi-transaction-id": "000102030405060708090A0B0C0D0E0F" }],
];

test.each(otherForms)("FED-905 %s is refused before any key is asked", (_, change) => {
  for (const [name, value] of Object.entries(change)) {
    expect(Reflect.get(headers, name)).not.toBe(value);
  }
  expect(["signatureInvalid", "digestMismatch"]).toContain(verdict({ ...headers, ...change }));
});

test("FED-905 what is signed reads back, whatever it is", () => {
  const property = fc.property(
    fc.nat(999_999_999_999),
    fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/),
    exactly(16),
    exactly(32),
    exactly(16),
    (time, kid, nonce, digest, id) => {
      const transactionId = Buffer.from(id).toString("hex");
      const changed = { ...request, digest, transactionId };
      const made = signRequest(changed, { created: time, kid, nonce }, key.sign);
      expect(parsePeerHeaders(made)).toEqual({ from: request.from, digest, transactionId });
      const signature = parseSignature(made);
      expect(signature).toMatchObject({ created: time, kid, nonce });
      expect(verifyRequest(changed, signature, key.publicKey, verifyEd25519)).toBe(true);
    },
  );
  fc.assert(property, { numRuns: 50 });
});

test("FED-905 long headers cost nothing: they are refused by their length", () => {
  const long = "a".repeat(10_000_000);
  for (const name of names) {
    expect(refused).toContain(verdict({ ...headers, [name]: headers[name] + long }));
    expect(refused).toContain(verdict({ ...headers, [name]: long }));
  }
});

test("what cannot be signed is our own mistake", () => {
  const attempts: readonly (() => unknown)[] = [
    () => signRequest({ ...request, path: "/a?b" }, parameters, key.sign),
    () => signRequest({ ...request, path: "a" }, parameters, key.sign),
    () => signRequest({ ...request, method: "POST\n" }, parameters, key.sign),
    () => signRequest(request, { ...parameters, kid: 'a"b' }, key.sign),
    () => signRequest(request, { ...parameters, kid: "" }, key.sign),
    () => signRequest(request, { ...parameters, created: 1.5 }, key.sign),
    () => signRequest(request, { ...parameters, nonce: new Uint8Array(15) }, key.sign),
    () => serializeParameters(['a"'], []),
  ];
  for (const attempt of attempts) expect(attempt).toThrow(RangeError);
});

test("H-03 H-20 FED-909 a signature is of about now, and the refusal tells the time", () => {
  const now = created * 1000;
  const { federationSkewMs } = LIMITS;
  for (const good of [now, now + federationSkewMs, now - federationSkewMs]) {
    expect(() => checkCreated(created, good)).not.toThrow();
  }
  const year = 365 * 86_400_000;
  for (const bad of [
    now + federationSkewMs + 1,
    now - federationSkewMs - 1,
    now + year,
    now - year,
  ]) {
    const refusal = refusalOf(() => checkCreated(created, bad));
    expect(refusal.code).toBe("signatureInvalid");
    expect(refusal.data).toEqual({
      limitName: "federationSkewMs",
      limit: federationSkewMs,
      serverTime: bad,
    });
  }
});

function refusalOf(run: () => unknown): Refusal {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error("not refused");
}
