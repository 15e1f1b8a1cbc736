import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { readVectorFile } from "../src/load-vectors.ts";

type Side = { readonly user: string; readonly identityKey: string };
type Number = { readonly digits: string; readonly payload: string };
type State = { group: string; epoch: number; treeHash: string; epochAuthenticator: string };
const vectors: {
  readonly contacts: readonly (Number & { readonly one: Side; readonly other: Side })[];
  readonly groups: readonly (Number & State)[];
} = JSON.parse(readVectorFile("safety-number.json"));

/** By this test's own hand, with Node's hash and none of the protocol's codecs. */
function hash(label: string, content: Buffer): Buffer {
  const prefixed = Buffer.from(`Treehouse 1.0 ${label}`);
  const parts = [length(prefixed.length), prefixed, length(content.length), content];
  return createHash("sha256").update(Buffer.concat(parts)).digest();
}

function length(octets: number): Buffer {
  if (octets < 64) return Buffer.from([octets]);
  return Buffer.from([0x40 | (octets >> 8), octets & 0xff]);
}

function uri(text: string): Buffer {
  return Buffer.concat([length(text.length), Buffer.from(text)]);
}

function fingerprint({ user, identityKey }: Side): Buffer {
  const key = Buffer.from(identityKey, "hex");
  let current = hash("IdentityFingerprintHash", Buffer.concat([uri(user), key]));
  for (let round = 1; round < 5200; round += 1) {
    current = hash("IdentityFingerprintHash", Buffer.concat([current, key]));
  }
  return current;
}

function digits(octets: Buffer): string {
  return [0, 5, 10, 15, 20, 25]
    .map((at) => String(octets.readUIntBE(at, 5) % 100_000).padStart(5, "0"))
    .join(" ");
}

test("FED-340 the vectors of contacts are what the rule says", () => {
  expect(vectors.contacts).toHaveLength(2);
  for (const { one, other, ...shown } of vectors.contacts) {
    const [first, second] = [one, other].map(fingerprint);
    if (first === undefined || second === undefined) throw new Error("two sides");
    expect(shown.digits).toBe(`${digits(first)} ${digits(second)}`);
    const parts = [Buffer.from([1]), uri(one.user), first, uri(other.user), second];
    expect(shown.payload).toBe(`treehouse:safety:${Buffer.concat(parts).toString("base64url")}`);
  }
});

test("FED-341 FED-342 the vectors of groups are what the rules say", () => {
  expect(vectors.groups).toHaveLength(2);
  for (const { group, epoch, treeHash, epochAuthenticator, ...shown } of vectors.groups) {
    const number = Buffer.alloc(8);
    number.writeUInt32BE(epoch, 4);
    const head = Buffer.concat([uri(group), number]);
    const state = [head, Buffer.from(treeHash + epochAuthenticator, "hex")];
    const left = hash("GroupSafetyNumberHash", Buffer.concat(state));
    const right = hash("GroupSafetyNumberHash", left);
    expect(shown.digits).toBe(`${digits(left)} ${digits(right)}`);
    const payload = Buffer.concat([Buffer.from([2]), head, left, right]);
    expect(shown.payload).toBe(`treehouse:safety:${payload.toString("base64url")}`);
  }
});
