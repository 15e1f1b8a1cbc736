import type { Bytes, Frank, Head, SignedHead, SignedHealthReport } from "@treehouse/protocol";
import {
  mintClientUri,
  mintRoomUri,
  parseDomain,
  signHead,
  signHealthReport,
  userUri,
  utf8Encode,
} from "@treehouse/protocol";
import { signingKeys } from "./signing-keys.ts";

/** So many octets that count up from a start, so that a shifted field shows. */
export function octets(length: number, start = 0): Bytes {
  return Uint8Array.from({ length }, (_, index) => (start + index) % 256);
}

const idOf = (start: number) => () => octets(16, start);

/** 2026-01-01T00:00:00Z */
export const time = 1_767_225_600_000;
export const hubDomain = parseDomain("a.example");
const otherDomain = parseDomain("b.example");
export const alice = userUri(hubDomain, "alice");
export const bob = userUri(otherDomain, "bob");
export const alicesClient = mintClientUri(alice, idOf(0x10));
export const alicesSecond = mintClientUri(alice, idOf(0x20));
export const bobsClient = mintClientUri(bob, idOf(0x30));
export const room = mintRoomUri(hubDomain, idOf(0x40));
export const incarnation = octets(16, 0x50);
export const credential = { identity: utf8Encode(alicesClient) };

/** Stand-ins: the structs carry MLS objects without looking into them. */
export const mls = {
  commit: octets(70, 0x60),
  proposal: octets(20, 0x70),
  message: octets(100, 0x80),
  welcome: octets(90, 0x90),
  groupInfo: octets(64, 0xa0),
  keyPackage: octets(63, 0xb0),
  tree: octets(300, 0xc0),
} as const;

export const frank: Frank = {
  serverFrank: octets(32, 0xd0),
  ciphersuite: 1,
  signature: octets(64, 0xe0),
};

export const head: Head = {
  room,
  generation: 1,
  term: 1,
  position: 42,
  hash: octets(32, 0x11),
  epoch: 7,
  treeHash: octets(32, 0x22),
};

export const signedHead: SignedHead = signHead(head, signingKeys.hub.sign);

/** The leaf's key is always the vectors' client's. */
export function healthReport(leaf: number): SignedHealthReport {
  const commit = { position: 9, hash: octets(32, 0x33), epoch: 8 };
  const report = { verdict: "fault", room, generation: 1, ...commit, leaf } as const;
  return signHealthReport(report, signingKeys.client.sign);
}
