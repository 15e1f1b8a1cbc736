import {
  formatRoomLink,
  joinLinkKey,
  joinLinksCodec,
  parseGroupUri,
  LABELS,
  signJoinAsk,
  signJoinTicket,
  signKnock,
  type Sign,
  toHex,
} from "@treehouse/protocol";
import { leafIdentity } from "./identity-samples.ts";
import { alice, alicesClient, bob, octets, room, time } from "./sample-values.ts";
import { signingKeyOf, signingKeys } from "./signing-keys.ts";

const seed = octets(32, 0x70);
const linkKey = signingKeyOf(joinLinkKey(seed));
const group = parseGroupUri(`${room.replace("/r/", "/g/")}.0`);

/** Join links (18.1), tickets (18.2), and links as text (18.3). */
export function joinVectors() {
  const link = { key: linkKey.publicKey, role: 2, createdBy: alice };
  const holder = {
    group,
    epoch: 7,
    client: alicesClient,
    leafKey: signingKeys.client.publicKey,
    identityKey: signingKeys.identity.publicKey,
  };
  const invitee = { user: bob, identityKey: octets(32, 0xb0) };
  const ask = {
    room,
    client: alicesClient,
    signatureKey: signingKeys.client.publicKey,
    groupInfoPublicKey: octets(32, 0x90),
  };
  return {
    seed: toHex(seed),
    privateKey: toHex(linkKey.seed),
    publicKey: toHex(linkKey.publicKey),
    links: [
      linksOf({ ...link, expiresAt: undefined, usesMax: undefined, invitee: undefined }),
      linksOf({ ...link, role: 3, expiresAt: time, usesMax: 5, invitee: undefined }),
      linksOf({ ...link, expiresAt: time, usesMax: 1, invitee }),
    ],
    tickets: [
      signed("in a commit", LABELS.joinTicket, (sign) =>
        signJoinTicket(holder, linkKey.publicKey, sign),
      ),
      signed("in a question for a GroupInfo", LABELS.joinAsk, (sign) =>
        signJoinAsk(ask, linkKey.publicKey, sign),
      ),
    ],
    knock: signedKnock(),
    texts: [
      { room, seed: toHex(seed), metadataKey: toHex(octets(32, 0xa0)) },
      { room, seed: toHex(seed), metadataKey: null },
      { room, seed: null, metadataKey: null },
    ].map((one) => ({ ...one, text: textOf(one.seed !== null, one.metadataKey !== null) })),
    malformed: malformedTexts(),
  };
}

function linksOf(link: Parameters<typeof joinLinksCodec.encode>[0][number]) {
  const { key, role, createdBy, expiresAt, usesMax, invitee } = link;
  return {
    hex: toHex(joinLinksCodec.encode([link])),
    value: [
      {
        key: toHex(key),
        role,
        createdBy,
        expiresAt: expiresAt ?? null,
        usesMax: usesMax ?? null,
        invitee:
          invitee === undefined
            ? null
            : { user: invitee.user, identityKey: toHex(invitee.identityKey) },
      },
    ],
  };
}

/** The octets under the signature stand beside the ticket. */
function signed(name: string, label: string, run: (sign: Sign) => Uint8Array) {
  const messages: string[] = [];
  const ticket = run((message) => {
    messages.push(toHex(message));
    return linkKey.sign(message);
  });
  return { name, label, message: messages.join(""), ticket: toHex(ticket) };
}

/** A knock of the client that the leaf identity of `vectors/identity.json` is about. */
function signedKnock() {
  const messages: string[] = [];
  const knock = { act: "asks", key: linkKey.publicKey, at: time, identity: leafIdentity } as const;
  const hex = signKnock(room, knock, (message) => {
    messages.push(toHex(message));
    return signingKeys.client.sign(message);
  });
  const { user, identityKey } = leafIdentity.certificate;
  return {
    room,
    at: time,
    label: LABELS.knock,
    message: messages.join(""),
    hex: toHex(hex),
    user,
    client: alicesClient,
    identityKey: toHex(identityKey),
  };
}

function textOf(hasSeed: boolean, hasKey: boolean): string {
  return formatRoomLink({
    room,
    seed: hasSeed ? seed : undefined,
    metadataKey: hasKey ? octets(32, 0xa0) : undefined,
  });
}

function malformedTexts() {
  const whole = textOf(true, true);
  const other = whole.at(-1) === "A" ? "Q" : "A";
  return [
    { name: "its end is missing", text: whole.slice(0, -6) },
    { name: "a character is another one", text: `${whole.slice(0, 60)}${other}${whole.slice(61)}` },
    { name: "another room's", text: whole.replace("a.example", "b.example") },
    { name: "nothing behind the room", text: whole.slice(0, whole.lastIndexOf("/")) },
    { name: "a link to stickers", text: whole.replace("join", "stickers") },
    { name: "a web page", text: "https://a.example/join" },
  ];
}
