import fc from "fast-check";
import { expect, test } from "vitest";
import {
  checkDigest,
  formatDigest,
  formatFrom,
  fromHex,
  mintTransactionId,
  parseDigest,
  parseDomain,
  parseFrom,
  parseTransactionId,
  Refusal,
  sha256,
  toHex,
  transactionBytes,
} from "../../src/index.ts";
import { exactly, octets } from "../arbitraries.ts";

test("FED-907 the digest is that of RFC 9530 over the octets as they came", () => {
  // RFC 9530 appendix B.1: the representation data of the example.
  const body = new TextEncoder().encode('{"hello": "world"}\n');
  const digest = parseDigest({
    "content-digest": "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
  });
  expect(() => checkDigest(digest, body)).not.toThrow();
  expect(formatDigest(digest)).toBe("sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:");
  expect(codeOf(() => checkDigest(digest, body.subarray(1)))).toBe("digestMismatch");
  expect(codeOf(() => checkDigest(digest, body, () => new Uint8Array(32)))).toBe("digestMismatch");
});

test("FED-907 a digest is refused unless it is one of SHA-256, spelled in its one way", () => {
  const property = fc.property(octets({ max: 32 }), (body) => {
    const text = formatDigest(sha256(body));
    expect(toHex(parseDigest({ "content-digest": text }))).toBe(toHex(sha256(body)));
    for (const other of [
      text.slice(1),
      `${text} `,
      text.replace("=:", "=:="),
      text.toUpperCase(),
    ]) {
      expect(codeOf(() => parseDigest({ "content-digest": other }))).toBe("digestMismatch");
    }
  });
  fc.assert(property, { numRuns: 50 });
  expect(codeOf(() => parseDigest({}))).toBe("digestMismatch");
});

test("FED-906 the sender is named once, as a domain", () => {
  const domain = parseDomain("xn--bcher-kva.example");
  expect(parseFrom({ from: formatFrom(domain) })).toBe(domain);
  for (const from of [
    undefined,
    "",
    "mimi@",
    "a.example",
    "mimi@a..b",
    "mimi@a.example@b.example",
  ]) {
    expect(codeOf(() => parseFrom({ from }))).toBe("signatureInvalid");
  }
  expect(codeOf(() => parseFrom({ from: ["mimi@a.example", "mimi@a.example"] }))).toBe(
    "signatureInvalid",
  );
  // A prototype's member is no header.
  expect(codeOf(() => parseFrom(Object.create({ from: "mimi@a.example" })))).toBe(
    "signatureInvalid",
  );
});

test("FED-908 a transaction's id is 16 octets in lower-case hexadecimal", () => {
  const property = fc.property(exactly(16), (random) => {
    const id = mintTransactionId(() => random);
    expect(parseTransactionId({ "mimi-transaction-id": id })).toBe(id);
    expect(toHex(transactionBytes(id))).toBe(toHex(random));
    for (const other of [id.slice(1), `${id}0`, `${id.slice(1)}g`, `${id.slice(1)}A`]) {
      expect(codeOf(() => parseTransactionId({ "mimi-transaction-id": other }))).toBe(
        "signatureInvalid",
      );
    }
  });
  fc.assert(property, { numRuns: 50 });
  expect(fromHex(mintTransactionId((length) => new Uint8Array(length)))).toHaveLength(16);
});

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  return "taken";
}
