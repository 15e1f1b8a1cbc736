import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import { type AssetLink, mintClientUri, parseAssetUri } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";

import { alice, Historians, random } from "../../../test/world/historians.ts";
import type { HistoryContext } from "../index.ts";
import {
  askedBytes,
  askValue,
  decodeList,
  encodeList,
  givenBytes,
  giftValue,
  readAsk,
  readGift,
} from "./notes.ts";

const crypto = createNodeCrypto({ random });
const clientOf = () => ({ client: mintClientUri(alice, random), ...keys() });
const keys = () => {
  const { privateKey, publicKey } = crypto.generateSignatureKeyPair();
  return { privateKey, signatureKey: publicKey };
};

let historians: Historians;
let context: HistoryContext;
beforeEach(async () => {
  historians = new Historians();
  context = await historians.client();
});
afterEach(() => historians[Symbol.asyncDispose]());

const link: AssetLink = {
  uri: parseAssetUri(`mimi://a.example/a/${"A".repeat(43)}`),
  size: 9,
  encryption: "plain",
  key: random(16),
  nonce: random(12),
  hash: random(32),
  expires: 0,
  access: { kind: "own" },
};

test("T-09 only what a listed client has signed counts as asked", () => {
  const [asking, other] = [clientOf(), clientOf()];
  const key = crypto.hpkeGenerateKeyPair().publicKey;
  const message = askedBytes(asking.client, key);
  const ask = { key, signature: crypto.sign(asking.privateKey, message) };
  expect(readAsk(context, asking, askValue(ask))).toEqual(ask);
  const wrong: readonly unknown[] = [
    askValue({ ...ask, key: crypto.hpkeGenerateKeyPair().publicKey }),
    askValue({ ...ask, signature: crypto.sign(other.privateKey, message) }),
    askValue({ ...ask, signature: random(64) }),
    { ...askValue(ask), key: "?" },
    { key: askValue(ask).key },
    null,
    undefined,
    7,
  ];
  expect(wrong.map((value) => readAsk(context, asking, value))).toEqual(wrong.map(() => undefined));
  expect(readAsk(context, other, askValue(ask))).toBeUndefined();
});

test("T-09 only what another listed client has signed for this one is taken", () => {
  const [to, by, stranger] = [clientOf(), clientOf(), clientOf()];
  const unsigned = { by: by.client, id: random(16), enc: random(32), sealed: random(48) };
  const signature = crypto.sign(by.privateKey, givenBytes(to.client, unsigned));
  const gift = { ...unsigned, signature, link };
  const listed = [to, by];
  expect(readGift(context, to.client, listed, giftValue(gift))).toEqual(gift);
  expect(
    readGift(context, stranger.client, [...listed, stranger], giftValue(gift)),
  ).toBeUndefined();
  expect(readGift(context, to.client, [to], giftValue(gift))).toBeUndefined();
  const wrong: readonly unknown[] = [
    giftValue({ ...gift, by: stranger.client }),
    giftValue({ ...gift, by: to.client }),
    giftValue({ ...gift, sealed: random(48) }),
    giftValue({ ...gift, id: random(16) }),
    giftValue({ ...gift, id: random(15) }),
    giftValue({ ...gift, enc: random(65) }),
    { ...giftValue(gift), link: "x" },
    { ...giftValue(gift), by: "x" },
    {},
  ];
  expect(wrong.map((value) => readGift(context, to.client, [...listed, stranger], value))).toEqual(
    wrong.map(() => undefined),
  );
});

test("a list of pieces comes back as it was, and anything else is refused", () => {
  const list = { complete: true, pieces: [{ number: 1, rows: 3, link }] };
  expect(decodeList(encodeList(list))).toMatchObject(list);
  for (const octets of [random(40), new TextEncoder().encode('{"format":2}')]) {
    expect(() => decodeList(octets)).toThrow(expect.objectContaining({ code: "invalidMessage" }));
  }
});
