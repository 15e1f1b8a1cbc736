import { randomBytes } from "node:crypto";

import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import { parseUserUri, Refusal } from "@treehouse/protocol";
import { expect, test } from "vitest";

import { openRecoveryCopy, sealRecoveryCopy } from "./recovery-copy.ts";
import {
  createRecoveryKey,
  formatRecoveryKey,
  loginKeyOf,
  parseRecoveryKey,
} from "./recovery-key.ts";

const random = (length: number) => new Uint8Array(randomBytes(length));
const crypto = createNodeCrypto({ random });
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

test("a recovery key can be typed in any way in which it may be read", () => {
  const key = createRecoveryKey(crypto);
  const shown = formatRecoveryKey(key);
  expect(shown).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){13}[0-9A-HJKMNP-TV-Z]{4}$/);
  const spaced = shown.replaceAll("-", " \n");
  const sloppy = shown.replaceAll("0", "o").replaceAll("1", "l").toLowerCase();
  for (const typed of [shown, spaced, sloppy, ` ${shown.replaceAll("-", "")} `]) {
    expect(parseRecoveryKey(typed)).toEqual(key);
  }
});

test("every mistyped character, and every two that changed places, are told before anybody is asked", () => {
  // One key for all: what a check of 24 bits misses by chance must not change from run to run.
  const bits = Uint8Array.from({ length: 32 }, (_, index) => index * 7);
  const shown = formatRecoveryKey({ bits }).replaceAll("-", "");
  const wrong: string[] = [];
  for (let at = 0; at < shown.length; at += 1) {
    const before = shown.slice(0, at);
    for (const other of alphabet) {
      if (other !== shown[at]) wrong.push(before + other + shown.slice(at + 1));
    }
    const [one = "", two = ""] = shown.slice(at, at + 2);
    if (two !== "" && one !== two) wrong.push(before + two + one + shown.slice(at + 2));
  }
  expect(wrong.length).toBeGreaterThan(1700);
  for (const typed of wrong) expect(() => parseRecoveryKey(typed)).toThrow(Refusal);
  expect(() => parseRecoveryKey(shown.slice(1))).toThrow("this one has 55");
  expect(() => parseRecoveryKey("")).toThrow("this one has 0");
  expect(() => parseRecoveryKey(`u${shown.slice(1)}`)).toThrow('"u" is in no recovery key');
  expect(() => parseRecoveryKey(`é${shown.slice(1)}`)).toThrow('"é" is in no recovery key');
});

test("T-37 a copy opens with its key at its place, and neither changed nor under another number", () => {
  const key = createRecoveryKey(crypto);
  const user = parseUserUri("mimi://example.org/u/alice");
  const place = { user, version: 2 };
  const copy = {
    identityPrivateKey: random(32),
    accountDataKey: random(32),
    deviceSigningNumber: 3,
    clientListVersion: 70_000,
  };
  const sealed = sealRecoveryCopy(crypto, key, { place, copy });
  expect(sealed).toHaveLength(24 + 256 + 16);
  expect(openRecoveryCopy(crypto, key, { place, sealed })).toMatchObject(copy);
  const open = (other: Partial<Parameters<typeof openRecoveryCopy>[2]>, by = key) =>
    openRecoveryCopy(crypto, by, { place, sealed, ...other });
  expect(() => open({}, createRecoveryKey(crypto))).toThrow(Error);
  expect(() => open({ place: { user, version: 1 } })).toThrow(Error);
  const bob = parseUserUri("mimi://example.org/u/bob");
  expect(() => open({ place: { user: bob, version: 2 } })).toThrow(Error);
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = sealed.map((octet, index) => (index === at ? octet ^ 1 : octet));
    expect(() => open({ sealed: changed })).toThrow(Error);
  }
});

test("the key that proves a recovery key follows from all of it", () => {
  const key = createRecoveryKey(crypto);
  const { publicKey } = loginKeyOf(crypto, key);
  expect(loginKeyOf(crypto, parseRecoveryKey(formatRecoveryKey(key))).publicKey).toEqual(publicKey);
  const bits = key.bits.map((octet, index) => (index === 31 ? octet ^ 1 : octet));
  expect(loginKeyOf(crypto, { bits }).publicKey).not.toEqual(publicKey);
});
