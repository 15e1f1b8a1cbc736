import { type Bytes, concatBytes } from "../bytes/index.ts";
import { opaque, struct, u64 } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { labelledHash, LABELS } from "../labels/index.ts";

/** Our component in a message's authenticated_data that places it among those of its sender. */
export const SENDER_CHAIN_COMPONENT = 0x8005;

/** FED-826: which of its client's messages in the room a message is. */
export type SenderLink = {
  /** 1 for the first that the client sends into the room, then one more for each. */
  readonly counter: number;
  /** Of this message: `01` and 31 octets. */
  readonly messageId: Bytes;
  /** The id of the one before; 32 zeros before the first. */
  readonly previous: Bytes;
};

/** The component as it travels: nobody who cannot read the message learns anything of it. */
export type SenderChain = { readonly nonce: Bytes; readonly masked: Bytes };

const nonceLength = 16;
const idLength = 32;

export const senderLinkCodec: Codec<SenderLink> = struct<SenderLink>({
  counter: u64,
  messageId: opaque({ max: idLength, min: idLength }),
  previous: opaque({ max: idLength, min: idLength }),
});

/** Octets of an encoded link: a counter, and two ids with their lengths. */
const linkLength = 8 + 2 * (1 + idLength);

export const senderChainCodec: Codec<SenderChain> = struct<SenderChain>({
  nonce: opaque({ max: nonceLength, min: nonceLength }),
  masked: opaque({ max: linkLength, min: linkLength }),
});

/** FED-827: the component's data. `salt` is the content's, `nonce` 16 random octets. */
export function maskSenderLink(link: SenderLink, salt: Uint8Array, nonce: Bytes): Bytes {
  const masked = mask(senderLinkCodec.encode(link), salt, nonce);
  return senderChainCodec.encode({ nonce, masked });
}

/** Reads the component of a message whose content has this salt; refuses `malformed`. */
export function unmaskSenderLink(data: Uint8Array, salt: Uint8Array): SenderLink {
  const { nonce, masked } = senderChainCodec.decode(data);
  return senderLinkCodec.decode(mask(masked, salt, nonce));
}

/**
 * The signature over the authenticated data already says that nobody has changed this, so that a mask is
 * enough to hide it. The salt is known to whoever reads the content, and the nonce keeps the mask from
 * being used twice when the same content is sent again.
 */
function mask(octets: Uint8Array, salt: Uint8Array, nonce: Bytes): Bytes {
  const stream = concatBytes(
    ...[0, 1, 2].map((block) =>
      labelledHash(LABELS.senderChain, concatBytes(nonce, salt, Uint8Array.of(block))),
    ),
  );
  return Uint8Array.from(octets, (octet, index) => octet ^ (stream[index] ?? 0));
}
