import { LIMITS, malformed, Reader } from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";

/** What of a KeyPackage decides whether it fits a request (RFC 9420 §10 and §7.2). */
export type OfferedCapabilities = {
  readonly suite: number;
  readonly extensions: readonly number[];
  readonly proposals: readonly number[];
  readonly credentials: readonly number[];
};

/** RFC 9420 §11.1: a list names what a leaf must support beyond the defaults of the protocol. */
export type RequiredCapabilities = {
  readonly extensions: readonly number[];
  readonly proposals: readonly number[];
  readonly credentials: readonly number[];
};

/** Extension and proposal types up to these are supported by everybody and never listed. */
const DEFAULT_EXTENSION_MAX = 5;
const DEFAULT_PROPOSAL_MAX = 7;

/** Basic credentials (RFC 9420 §5.3), the only ones that clients of ours have. */
const CREDENTIAL_BASIC = 1;
const HPKE_KEY_BYTES_MAX = 4_096;

export function fits(offered: OfferedCapabilities, required: RequiredCapabilities): boolean {
  return (
    required.extensions.every(
      (type) => type <= DEFAULT_EXTENSION_MAX || offered.extensions.includes(type),
    ) &&
    required.proposals.every(
      (type) => type <= DEFAULT_PROPOSAL_MAX || offered.proposals.includes(type),
    ) &&
    required.credentials.every((type) => offered.credentials.includes(type))
  );
}

/**
 * Reads so far into a KeyPackage as its capabilities go. Whether the rest of it holds is for
 * `checkKeyPackage` to say. Refuses `malformed`.
 *
 * u16 version ‖ u16 cipher_suite ‖ init_key<V> ‖ encryption_key<V> ‖ signature_key<V> ‖
 * credential (u16 type ‖ identity<V>) ‖ capabilities (five u16<V> lists) ‖ …
 */
export function readCapabilities(keyPackage: Bytes): OfferedCapabilities {
  const reader = new Reader(keyPackage, "sliced");
  reader.u16();
  const suite = reader.u16();
  for (let key = 0; key < 3; key += 1) reader.skipOpaque(HPKE_KEY_BYTES_MAX);
  if (reader.u16() !== CREDENTIAL_BASIC) {
    throw malformed("a credential that is not a basic one");
  }
  reader.skipOpaque(LIMITS.credentialBytesMax);
  const list = (): readonly number[] =>
    reader.vector(() => reader.u16(), { countMax: LIMITS.capabilitiesMax });
  list();
  list();
  return { suite, extensions: list(), proposals: list(), credentials: list() };
}
