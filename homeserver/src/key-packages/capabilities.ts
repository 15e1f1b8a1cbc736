import { capabilitiesCodec, credentialCodec, LIMITS, Reader } from "@treehouse/protocol";
import type { Bytes, Capabilities, RequiredCapabilities } from "@treehouse/protocol";

/** Extension and proposal types up to these are supported by everybody and never listed. */
const DEFAULT_EXTENSION_MAX = 5;
const DEFAULT_PROPOSAL_MAX = 7;

/** Whether a leaf with these abilities may enter a group that requires those (RFC 9420 §7.2). */
export function fits(offered: Capabilities, required: RequiredCapabilities): boolean {
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

/** What decides whether a KeyPackage fits a request. */
export type KeyPackageHead = { readonly suite: number; readonly capabilities: Capabilities };

/**
 * Reads so far into a KeyPackage as its capabilities go. Whether it holds what it says is for
 * `checkKeyPackage` to judge. Refuses `malformed`.
 *
 * KeyPackage (RFC 9420 §10, §7.2): u16 version ‖ u16 cipher_suite ‖ init_key<V> ‖
 * encryption_key<V> ‖ signature_key<V> ‖ credential ‖ capabilities ‖ …
 */
export function readHead(keyPackage: Bytes): KeyPackageHead {
  const reader = new Reader(keyPackage, "sliced");
  reader.u16();
  const suite = reader.u16();
  for (let key = 0; key < 3; key += 1) reader.skipOpaque(LIMITS.keyPackageBytesMax);
  credentialCodec.read(reader);
  return { suite, capabilities: capabilitiesCodec.read(reader) };
}
