import { describe, expect, test } from "vitest";
import type { Codec } from "@treehouse/protocol";
import {
  decodeSafeAad,
  encodeSafeAad,
  fromHex,
  generationClaimCodec,
  LABEL_PREFIX,
  Reader,
  Refusal,
  sha256,
  toHex,
  utf8Decode,
  utf8Encode,
  Writer,
} from "@treehouse/protocol";
import {
  jsonValue,
  loadProofVectors,
  loadVectors,
  structs,
  verifySignature,
} from "../src/index.ts";
import { readVectorFile, vectorFileNames } from "../src/load-vectors.ts";
import { signingKeyOf } from "../src/signing-keys.ts";
import { vectorFiles } from "../src/vector-files.ts";

const families = loadVectors();
const proofs = loadProofVectors();
const none = new Uint8Array(0);

test("the files are what their generator writes", () => {
  const generated = vectorFiles();
  expect(vectorFileNames()).toEqual([...generated.keys()].sort());
  for (const [name, text] of generated) expect(readVectorFile(name)).toBe(text);
});

test("the loader finds the family of every generated file", () => {
  const others = [
    "assets.json",
    "content.json",
    "directory.json",
    "files.json",
    "http-signature.json",
    "mls.json",
    "proofs.json",
    "room.json",
    "safety-number.json",
    "join.json",
    "stickers.json",
  ];
  const names = [...vectorFiles().keys()].filter((name) => !others.includes(name)).sort();
  expect(families.map(({ name }) => `${name}.json`)).toEqual(names);
});

test("every struct has vectors", () => {
  const covered = new Set<string>(
    families.flatMap(({ vectors }) => vectors.map(({ struct }) => struct)),
  );
  const missing = Object.keys(structs).filter((struct) => !covered.has(struct));
  expect(missing).toEqual([]);
});

describe.each(families)("$name", ({ vectors, rejections }) => {
  test.runIf(vectors.length > 0).each(vectors)("$struct: $name", ({ struct, value, hex }) => {
    const [decoded, encoded] = decodeAndEncode(structs[struct], hex);
    expect(jsonValue(decoded)).toEqual(value);
    expect(encoded).toBe(hex);
  });

  test.each(rejections)("$rule $struct refuses $name", ({ struct, hex }) => {
    expect(refusalCode(() => decodeAndEncode(structs[struct], hex))).toBe("malformed");
  });
});

describe("proofs", () => {
  test("FED-131 the public keys are the Ed25519 keys of the seeds", () => {
    for (const { seed, publicKey } of Object.values(proofs.keys)) {
      expect(toHex(signingKeyOf(fromHex(seed)).publicKey)).toBe(publicKey);
    }
  });

  test.each(proofs.signatures)("signature: $name", ({ key, label, message, signature }) => {
    const [prefixed, content] = partsOf(message);
    expect(utf8Decode(prefixed)).toBe(LABEL_PREFIX + label);
    expect(labelled(label, content)).toBe(message);
    const publicKey = fromHex(proofs.keys[key].publicKey);
    expect(verifySignature(publicKey, fromHex(message), fromHex(signature))).toBe(true);
    const { sign } = signingKeyOf(fromHex(proofs.keys[key].seed));
    expect(toHex(sign(fromHex(message)))).toBe(signature);
  });

  test.each(proofs.ed25519)("FED-131 Ed25519: $name", (one) => {
    const [key, message, signature] = [one.publicKey, one.message, one.signature].map(fromHex);
    expect(verifySignature(key ?? none, message ?? none, signature ?? none)).toBe(one.valid);
  });

  test.each(proofs.hashes)("hash: $name", ({ label, content, hash }) => {
    expect(toHex(sha256(fromHex(labelled(label, fromHex(content)))))).toBe(hash);
  });

  test.each(proofs.signedBytes)("FED-130 labelled octets: $label", ({ label, content, bytes }) => {
    expect(labelled(label, fromHex(content))).toBe(bytes);
  });

  test.each(proofs.firstPositions)(
    "FED-1132 a generation begins at $firstPosition after term $formerTerm",
    ({ claim, formerTerm, firstPosition }) => {
      const bytes = fromHex(claim);
      const { position, term } = generationClaimCodec.decode(bytes);
      const spread = Number.parseInt(toHex(sha256(bytes)).slice(0, 8), 16) >>> 1;
      expect(position + 1 + 2 ** 32 * (term - formerTerm) + spread).toBe(firstPosition);
    },
  );

  test.each(proofs.safeAad)("SafeAAD: $name", ({ hex }) => {
    expect(toHex(encodeSafeAad(decodeSafeAad(fromHex(hex))))).toBe(hex);
  });
});

function decodeAndEncode(codec: Codec<unknown>, hex: string): readonly [unknown, string] {
  const value = codec.decode(fromHex(hex));
  return [value, toHex(codec.encode(value))];
}

/** The two byte strings that labelled octets consist of. */
function partsOf(message: string): readonly [Uint8Array, Uint8Array] {
  const reader = new Reader(fromHex(message));
  const parts = [reader.opaque(1000), reader.opaque(100_000)] as const;
  reader.finish();
  return parts;
}

/** Labelled octets by this test's own hand, not by `signedBytes`. */
function labelled(label: string, content: Uint8Array): string {
  const writer = new Writer();
  writer.opaque(utf8Encode(`Treehouse 1.0 ${label}`));
  writer.opaque(content);
  return toHex(writer.finish());
}

function refusalCode(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  return "taken";
}
