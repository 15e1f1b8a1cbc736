import { batchAnswerCodec, toHex, userUri } from "@treehouse/protocol";
import type { Bytes, ConsentEntry, RefusalCode, UserUri } from "@treehouse/protocol";
import { random } from "../clients/person.ts";
import type { Answer } from "../http/answer.ts";
import { agree, ensure, Failed } from "../outcome.ts";
import type { Tweak } from "../peers/ask.ts";
import type { PeerServer } from "../peers/server.ts";
import type { World } from "../world.ts";

/**
 * A request that shows whether it was taken: the next item of the server's stream, in which a
 * stranger, with a name of its own each time, asks Doris for leave. If it is taken, she sees the
 * stranger, and the stream moves on.
 */
export interface Knock {
  readonly peer: PeerServer;
  readonly stranger: UserUri;
  readonly body: Bytes;
}

/** What is wrong with a request, and the codes of which one is the right refusal. */
export type WrongRequest = readonly [tweak: Tweak, ...codes: [RefusalCode, ...RefusalCode[]]];

export async function makeKnock(world: World, peer: PeerServer): Promise<Knock> {
  const doris = await world.account("doris");
  const stranger = userUri(peer.domain, `stranger-${toHex(random(5))}`);
  const body = peer.outgoing.batch([{ kind: "consent", entry: request(stranger, doris.user) }]);
  return { peer, stranger, body };
}

export async function knock({ peer, body }: Knock, tweak: Tweak = {}): Promise<Answer> {
  return peer.ask({ endpoint: "notify", body, tweak });
}

/** Knocks and fails unless Doris sees the stranger afterwards. */
export async function knockAndEnter(
  world: World,
  peer: PeerServer,
  tweak: Tweak = {},
): Promise<void> {
  const made = await makeKnock(world, peer);
  const answer = await knock(made, tweak);
  entered(answer, made);
  const doris = await world.account("doris");
  agree("what Doris sees of who asked", (await doris.contact(made.stranger))?.state, "incoming");
}

/** Fails unless the batch was taken. */
export function entered(answer: Answer, { peer: { outgoing } }: Knock): void {
  const decoded = answer.struct("a good request", batchAnswerCodec);
  outgoing.next += 1;
  agree("`next` after a good request", decoded.next, outgoing.next);
}

/**
 * Sends wrong requests, one by one, and fails unless each is refused with the right code and
 * changes nothing: neither does Doris see who asked, nor does the stream go on.
 */
export async function refuses(
  world: World,
  peer: PeerServer,
  wrong: Readonly<Record<string, WrongRequest>>,
): Promise<void> {
  const doris = await world.account("doris");
  const tried = new Map<UserUri, string>();
  const problems: string[] = [];
  for (const [what, [tweak, ...codes]] of Object.entries(wrong)) {
    const made = await makeKnock(world, peer);
    tried.set(made.stranger, what);
    try {
      (await knock(made, tweak)).refused(what, ...codes);
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      problems.push(error.message);
    }
  }
  for (const { user } of await doris.contacts()) {
    const what = tried.get(user);
    if (what !== undefined) problems.push(`${what}: was acted upon`);
  }
  if (problems.length > 0) await peer.outgoing.recover();
  ensure(problems.length === 0, problems.join("; "));
}

/** A connection request for any room. */
export function request(requester: UserUri, target: UserUri): ConsentEntry {
  return { operation: "request", requester, target, room: undefined, note: "", at: Date.now() };
}
