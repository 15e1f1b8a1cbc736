import {
  areEndorsed,
  authorizeGeneration,
  claimantsOf,
  type Domain,
  type Endorsement,
  endorsersNeeded,
  equalBytes,
  formatAddress,
  type GenerationClaim,
  nextGeneration,
  Refusal,
  refusalOfResponse,
  signGenerationClaim,
  updateRequestCodec,
  userOfClient,
} from "@treehouse/protocol";

import type { GroupsContext, Room } from "../room/index.ts";
import { type FormerGroup, readFormerGroup } from "../rejoining/index.ts";
import { begin } from "./begin.ts";

/** How far the owners of a conversation are whose server is gone. */
export type Claimed = {
  /** It goes on at the server that was named. */
  readonly done: boolean;
  /** Addresses of the owners who have agreed. */
  readonly agreed: readonly string[];
  /** Those of all who may. */
  readonly owners: readonly string[];
  /** How many of them it takes. */
  readonly needed: number;
};

/**
 * Agrees that a room whose hub is gone for good goes on at another server, and has it go on there once enough
 * owners have agreed to the same. Each of them says it; whoever is the last one begins.
 *
 * Refuses `removed`, `ownersMissing`, `conflict`, and what that server refuses.
 */
export async function claimRoom(
  context: GroupsContext,
  room: Room,
  { hub, wake }: { readonly hub: Domain; readonly wake: (room: Room) => void },
): Promise<Claimed> {
  const { self, identity, member } = context;
  const former = await readFormerGroup(context, room);
  if (former === undefined) {
    throw new Refusal("removed", "this client is no longer a member of the conversation");
  }
  const asked = await ask(context, room, hub, undefined);
  checkClaim(room, former, asked.claim, hub);
  const claimants = claimantsOf(former.view, asked.claim);
  if (!claimants.includes(self.user)) {
    const text = "only owners agree to it, and none whose own server is the one that is gone";
    throw new Refusal("ownersMissing", text);
  }
  const own = signGenerationClaim(asked.claim, self.client, (message) =>
    member.crypto.sign(identity.signaturePrivateKey, message),
  );
  const { claim, endorsements } = await ask(context, room, hub, own);
  const counted = endorsements.filter((one) => counts(context, former, claim, one));
  const users = new Set(counted.map(({ client }) => userOfClient(client)));
  const needed = endorsersNeeded(former.view, claim);
  const agreed = [...users].map((user) => formatAddress(user));
  const owners = claimants.map((user) => formatAddress(user));
  if (users.size < needed) return { done: false, agreed, owners, needed };
  const state = nextGeneration(former.view, { claim, endorsements: counted }, self.user);
  const verdict = authorizeGeneration(former.view, state, self.client);
  if (!verdict.allowed) throw new Refusal(verdict.code, verdict.reason);
  await begin(context, room, {
    made: { state, former: former.group, users: [...former.users], reason: "" },
    wake,
  });
  return { done: true, agreed, owners, needed };
}

async function ask(
  { link }: GroupsContext,
  room: Room,
  hub: Domain,
  endorsement: Endorsement | undefined,
) {
  const request = updateRequestCodec.encode({ kind: "claim", hub, endorsement });
  const response = await link.update(room.uri, request);
  if (response.code === "claim") return response;
  throw (
    refusalOfResponse(response) ?? new Refusal("notAllowed", "the server has not answered that")
  );
}

/** It is about this client's very group, and about a log that this client has read. */
function checkClaim(room: Room, former: FormerGroup, claim: GenerationClaim, hub: Domain): void {
  const { position, hash } = room.cursor;
  const isOurs = claim.hub === hub && claim.previous === former.group && claim.reason === "hubGone";
  if (!isOurs) throw new Refusal("claimInvalid", "the server claims something else");
  const isSame = claim.epoch === former.epoch && equalBytes(claim.transcript, former.transcript);
  const isRead = position >= claim.position;
  const isOther = position === claim.position && hash.length > 0 && !equalBytes(hash, claim.hash);
  if (!isSame || !isRead || isOther) {
    const text =
      "this client and that server have not read the same of the conversation; try again in a moment";
    throw new Refusal("conflict", text);
  }
}

function counts(
  { member: { crypto } }: GroupsContext,
  { keys, view }: FormerGroup,
  claim: GenerationClaim,
  endorsement: Endorsement,
): boolean {
  const isOwner = claimantsOf(view, claim).includes(userOfClient(endorsement.client));
  const predecessor = { claim, endorsements: [endorsement], returning: [] };
  const verify = crypto.verify.bind(crypto);
  return isOwner && areEndorsed(predecessor, (client) => keys.get(client), verify);
}
