import {
  clientListsRequestCodec,
  clientListsResponseCodec,
  domainOf,
  identifierRequestCodec,
  identifierResponseCodec,
  LIMITS,
  signedClientListCodec,
} from "@treehouse/protocol";
import type { Bytes, Countersigner, Domain, RoomUri, UserUri } from "@treehouse/protocol";
import { Assertion } from "../../platform/index.ts";
import { forClient } from "./ask.ts";
import type { Asker } from "./ask.ts";
import type { FederationContext } from "../context.ts";
import { readAnswer } from "./hubs.ts";

/** Users of other servers, as those servers tell of them. */
export interface RemoteUsers {
  /**
   * The user's encoded `SignedClientList` and the keys with which the user's server countersigns;
   * undefined when that server knows no such user. Nothing of it is verified. An answer is believed
   * for five minutes (FED-931), unless a `fresh` one is asked for.
   */
  find(user: UserUri, options?: { readonly fresh?: boolean }): Promise<FoundRemoteUser | undefined>;
  /**
   * The user's encoded `SignedClientList`s behind a version, as that server tells them (FED-937);
   * nothing of them is verified.
   */
  lists(user: UserUri, after: number): Promise<readonly Bytes[]>;
  /**
   * Passes a `KeyMaterialRequest` on, through the hub of the room if that founded it and is another
   * server than ours and the user's (FED-929).
   */
  claim(user: UserUri, room: RoomUri | undefined, request: Bytes): Promise<Bytes>;
  /** The user's account is gone: what was answered of it holds no longer. */
  forget(user: UserUri): void;
  /** Passes on what another server asked us, the hub, of a third one. */
  forward(home: Domain, user: UserUri, request: Bytes, transactionId: string): Promise<Bytes>;
}

export type FoundRemoteUser = {
  readonly clientList: Bytes;
  readonly countersigners: readonly Countersigner[];
};

type Known = { readonly found: FoundRemoteUser | undefined; readonly until: number };

/** Users whose lists are kept; each takes a few KiB. */
const knownMax = 10_000;

export function createRemoteUsers(
  { env, domain, peers, hosted }: Pick<FederationContext, "env" | "domain" | "peers" | "hosted">,
  asker: Asker,
): RemoteUsers {
  const known = new Map<UserUri, Known>();
  const asking = new Map<UserUri, Promise<FoundRemoteUser | undefined>>();

  async function ask(user: UserUri): Promise<FoundRemoteUser | undefined> {
    const home = domainOf(user);
    if (home === domain) throw new Assertion("Own users are not asked for elsewhere.");
    const answer = await asker.ask(home, {
      endpoint: "identifierQuery",
      variables: { domain: home },
      body: identifierRequestCodec.encode({ user }),
      answerBytesMax: LIMITS.identifierAnswerBytesMax,
    });
    const response = readAnswer(identifierResponseCodec, answer);
    if (response.status !== "success") return undefined;
    const { clientList, countersigners } = response;
    const list = readAnswer(signedClientListCodec, clientList);
    if (list.list.user !== user) return undefined;
    return { clientList, countersigners };
  }

  /** What was answered before the operator decided otherwise is not used either (FED-917). */
  function admit(home: Domain): void {
    try {
      peers.admit(home);
    } catch (error) {
      throw forClient(error);
    }
  }

  async function askOnce(user: UserUri): Promise<FoundRemoteUser | undefined> {
    const running = asking.get(user);
    if (running !== undefined) return running;
    const own = ask(user);
    asking.set(user, own);
    try {
      const found = await own;
      keep(user, { found, until: env.monotonic() + LIMITS.remoteUserKeptMs });
      return found;
    } finally {
      asking.delete(user);
    }
  }

  function keep(user: UserUri, answer: Known): void {
    known.delete(user);
    known.set(user, answer);
    if (known.size <= knownMax) return;
    for (const oldest of known.keys()) {
      known.delete(oldest);
      return;
    }
  }

  function passOn(to: Domain, user: UserUri, body: Bytes, transactionId?: string): Promise<Bytes> {
    return asker.ask(to, {
      endpoint: "keyMaterial",
      variables: { targetUser: user },
      body,
      answerBytesMax: LIMITS.requestBodyBytesMax,
      ...(transactionId === undefined ? {} : { transactionId }),
    });
  }

  return {
    async find(user, { fresh = false } = {}) {
      admit(domainOf(user));
      const earlier = known.get(user);
      if (!fresh && earlier !== undefined && earlier.until > env.monotonic()) return earlier.found;
      // An answer that is on its way already may be older than the question.
      if (fresh) await asking.get(user)?.catch(() => {});
      return askOnce(user);
    },
    async lists(user, after) {
      const home = domainOf(user);
      admit(home);
      const answer = await asker.ask(home, {
        endpoint: "identifierQuery",
        variables: { domain: home },
        body: clientListsRequestCodec.encode({ user, after }),
        answerBytesMax: LIMITS.identifierAnswerBytesMax,
      });
      return readAnswer(clientListsResponseCodec, answer).lists;
    },
    forget(user) {
      known.delete(user);
    },
    async claim(user, room, request) {
      const home = domainOf(user);
      const founder = room === undefined ? home : domainOf(room);
      // The user's server knows a hub by the room's name alone: one that has moved is passed by.
      const hub = room === undefined ? home : ((await hosted.hub(room)) ?? domain);
      return passOn(hub === domain || hub !== founder ? home : hub, user, request);
    },
    forward: passOn,
  };
}
