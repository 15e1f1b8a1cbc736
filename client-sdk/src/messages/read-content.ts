import {
  type Bytes,
  type ClientUri,
  type CodecValue,
  clientUriCodec,
  CONTENT_EXTENSIONS,
  decodeContent,
  LIMITS,
  messageId,
  type MimiContent,
  opaque,
  Refusal,
  type RoomUri,
  struct,
  toHex,
  u8,
  userOfClient,
} from "@treehouse/protocol";

const bodyCodec = struct({
  version: u8,
  /** From the MLS leaf, never from the content. */
  sender: clientUriCodec,
  content: opaque({ max: LIMITS.applicationMessageBytesMax }),
});

/** What the store keeps of a message. */
export type StoredContent = CodecValue<typeof bodyCodec>;

export function decodeStored(body: Uint8Array): StoredContent & { readonly parsed: MimiContent } {
  const stored = bodyCodec.decode(body);
  return { ...stored, parsed: decodeContent(stored.content) };
}

/** Who sent a stored message, and its content as it was encrypted. */
export function readStored(body: Uint8Array): Pick<StoredContent, "sender" | "content"> {
  const { sender, content } = bodyCodec.decode(body);
  return { sender, content };
}

/**
 * Checks decrypted content against where it came from: the sender it names must be the leaf's user
 * and the room this one (mimi-content §1.8, T-03). Refuses `malformed` and `invalidMessage`.
 */
export function readContent(message: {
  readonly room: RoomUri;
  readonly sender: ClientUri;
  readonly plaintext: Uint8Array;
}): { readonly messageId: string; readonly body: Bytes } {
  const { room, sender, plaintext } = message;
  const content = new Uint8Array(plaintext);
  const parsed = decodeContent(content);
  const senderUri = parsed.extensions.get(CONTENT_EXTENSIONS.senderUri);
  const roomUri = parsed.extensions.get(CONTENT_EXTENSIONS.roomUri);
  if (senderUri !== userOfClient(sender)) {
    throw new Refusal("invalidMessage", "the content names another sender than the leaf's user");
  }
  if (roomUri !== room) throw new Refusal("invalidMessage", "the content names another room");
  const id = messageId({ senderUri, roomUri, content, salt: parsed.salt });
  return { messageId: toHex(id), body: bodyCodec.encode({ version: 1, sender, content }) };
}
