import { decodeRoomState, equalBytes, type RoomState, verifyHubConsent } from "@treehouse/protocol";
import type { GroupContext } from "ts-mls/groupContext.js";

import type { MlsCrypto } from "../crypto/index.ts";
import { broken } from "../wire/index.ts";
import { type ContextView, readContext } from "./read-context.ts";

/**
 * FED-1122: the external sender changes together with hub, hub key and term of the room's record, to
 * what the record then says, and with the new hub's own word for it; otherwise all of these stay.
 * `at` is the acceptance time. Refusals: invalidCommit.
 */
export function checkHubChange(
  crypto: MlsCrypto,
  before: GroupContext,
  after: GroupContext,
  at: number,
): void {
  const [viewBefore, viewAfter] = [readContext(before), readContext(after)];
  const [known, named] = [viewBefore, viewAfter].map(({ roomState }) => decodeRoomState(roomState));
  if (known === undefined || named === undefined) return;
  const moves = known.hub !== named.hub;
  if (!moves && isSameHub(known, named) && sendersStay(viewBefore, viewAfter)) return;
  const { hub, hubKey, term, hubConsent } = named;
  if (!moves || hubKey === undefined || hubConsent === undefined) {
    throw broken("hubChange");
  }
  if (term <= known.term) throw broken("hubTerm");
  const consents = verifyHubConsent(
    viewAfter.group,
    { hub, hubKey, term },
    hubConsent,
    (key, message, signature) => crypto.verify(key, message, signature),
  );
  if (!consents) throw broken("hubConsent");
  if (at > hubConsent.notAfter) throw broken("hubConsentOver");
  checkHubNamed(after);
}

/** The external sender is the hub that the state names. Refusals: invalidCommit. */
export function checkHubNamed(context: GroupContext): void {
  const { roomState, externalSenders } = readContext(context);
  const { hub, hubKey } = decodeRoomState(roomState);
  const [sender] = externalSenders;
  const isHub = sender?.identity === hub;
  const hasKey = hubKey === undefined || (sender && equalBytes(sender.signatureKey, hubKey));
  if (!isHub || hasKey !== true) throw broken("hubNamed");
}

/** A key that was left out may come. */
function isSameHub(known: RoomState, named: RoomState): boolean {
  const keyStays =
    known.hubKey === undefined ||
    (named.hubKey !== undefined && equalBytes(known.hubKey, named.hubKey));
  const [one, other] = [known.hubConsent, named.hubConsent];
  const consentStays =
    one === undefined || other === undefined
      ? one === other
      : one.notAfter === other.notAfter && equalBytes(one.signature, other.signature);
  return keyStays && consentStays && known.term === named.term;
}

function sendersStay(before: ContextView, after: ContextView): boolean {
  const [one, other] = [before.externalSenders[0], after.externalSenders[0]];
  return (
    one !== undefined &&
    other?.identity === one.identity &&
    equalBytes(one.signatureKey, other.signatureKey)
  );
}
