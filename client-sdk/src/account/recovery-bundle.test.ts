import { randomBytes } from "node:crypto";

import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import { expect, test } from "vitest";

import { openRecoveryBundle, sealRecoveryBundle } from "./recovery-bundle.ts";

const random = (length: number) => new Uint8Array(randomBytes(length));
const crypto = createNodeCrypto({ random });

test("a recovery bundle opens under the export key of the password, and under nothing else", () => {
  const exportKey = random(64);
  const bundle = { version: 1, identityPrivateKey: random(32), accountDataKey: random(32) };
  const sealed = sealRecoveryBundle(crypto, bundle, exportKey);
  expect(openRecoveryBundle(crypto, sealed, exportKey)).toEqual(bundle);
  expect(() => openRecoveryBundle(crypto, sealed, random(64))).toThrow(Error);
  const changed = new Uint8Array(sealed);
  changed[30] = (changed[30] ?? 0) ^ 1;
  expect(() => openRecoveryBundle(crypto, changed, exportKey)).toThrow(Error);
});
