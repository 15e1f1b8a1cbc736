import type { MemberGroup } from "@treehouse/mls/member";
import {
  type Bytes,
  decodeRoomState,
  type Domain,
  fromBase64Url,
  hubOfferAnswerSchema,
  parseDomain,
  paths,
  Refusal,
  type RoomState,
  type RoomUri,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";

import type { IntentRow } from "../../storage/index.ts";
import { capabilitiesOf, type GroupsContext, type Room } from "../room/index.ts";

/** Body of the intent `hub`: the server that is to be the room's hub. */
export function encodeHub(hub: Domain): Bytes {
  return utf8Encode(hub);
}

/** What the state says of its hub. */
export type OfferedHub = Required<Pick<RoomState, "hub" | "hubKey" | "term" | "hubConsent">>;

/** A server's word that it takes the room over; it is asked through the own server. */
export async function askHub(
  { api }: GroupsContext,
  room: RoomUri,
  hub: Domain,
): Promise<OfferedHub> {
  const offer = await api.json("POST", paths.hubOffers(room), hubOfferAnswerSchema, { hub });
  if (offer.hub !== hub) throw new Refusal("notAllowed", "another server has answered");
  const { term, notAfter } = offer;
  const signature = fromBase64Url(offer.signature);
  return { hub, hubKey: fromBase64Url(offer.hubKey), term, hubConsent: { notAfter, signature } };
}

/** For the intent `hub`, outside of the room's `serial`. Undefined for other intents. */
export async function fetchHubOffer(
  context: GroupsContext,
  { uri }: Room,
  { kind, body }: IntentRow,
): Promise<OfferedHub | undefined> {
  return kind === "hub" ? askHub(context, uri, parseDomain(utf8Decode(body))) : undefined;
}

/** The state that names the offered hub; undefined where it is the hub already. */
export function handedOver(
  { self }: GroupsContext,
  group: MemberGroup,
  offered: OfferedHub,
): RoomState | undefined {
  const state = decodeRoomState(group.roomState());
  if (state.hub === offered.hub) return undefined;
  if (!capabilitiesOf(group, self.user)("changeHub")) {
    throw new Refusal("notAllowed", "the own role may not hand the conversation over");
  }
  return { ...state, ...offered };
}
