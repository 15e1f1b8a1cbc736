import { type Bytes } from "../bytes/index.ts";
import { opaque, struct, u32, u64 } from "../codec/index.ts";
import { fixed } from "../codec/index.ts";
import {
  type Domain,
  domainCodec,
  type GroupUri,
  roomOfGroup,
  type RoomUri,
  roomUriCodec,
} from "../identifiers/index.ts";
import { LABELS, signedBytes } from "../labels/index.ts";

/** FED-1121: a server's word that it is the hub of a room from a term on. */
export type HubConsent = {
  /** A commit that names the hub is accepted until then, in milliseconds since the Unix epoch. */
  readonly notAfter: number;
  /** By the key that the server will use for this room. */
  readonly signature: Bytes;
};

/** The hub that a room's state names. */
export type NamedHub = {
  readonly hub: Domain;
  readonly hubKey: Bytes;
  readonly term: number;
};

type Signed = NamedHub & {
  readonly room: RoomUri;
  readonly generation: number;
  readonly notAfter: number;
};

export const hubConsentCodec = struct<HubConsent>({
  notAfter: u64,
  signature: opaque({ min: 64, max: 64 }),
});

const signedCodec = struct<Signed>({
  room: roomUriCodec,
  generation: u32,
  hub: domainCodec,
  hubKey: fixed(32),
  term: u64,
  notAfter: u64,
});

/** With the private half of `named.hubKey`. */
export function signHubConsent(
  group: GroupUri,
  named: NamedHub,
  notAfter: number,
  sign: (message: Bytes) => Bytes,
): HubConsent {
  return { notAfter, signature: sign(contentOf(group, named, notAfter)) };
}

export function verifyHubConsent(
  group: GroupUri,
  named: NamedHub,
  { notAfter, signature }: HubConsent,
  verify: (key: Bytes, message: Bytes, signature: Bytes) => boolean,
): boolean {
  return verify(named.hubKey, contentOf(group, named, notAfter), signature);
}

function contentOf(group: GroupUri, { hub, hubKey, term }: NamedHub, notAfter: number): Bytes {
  const content = { ...roomOfGroup(group), hub, hubKey, term, notAfter };
  return signedBytes(LABELS.hubConsent, signedCodec.encode(content));
}
