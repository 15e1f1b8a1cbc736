import {
  type Bytes,
  fromBase64Url,
  NetworkFault,
  Refusal,
  type RendezvousEnd,
  rendezvousTurnSchema,
  toBase64Url,
} from "@treehouse/protocol";

import type { Api } from "../../transport/index.ts";
import { ApprovalFault } from "./fault.ts";

/** One side of a mailbox at the homeserver, which may do with it what it likes. */
export interface Mailbox {
  /** Writes a message, if one is given, and resolves with what comes as number `awaits`. */
  turn(
    put: { readonly at: number; readonly message: Bytes } | undefined,
    awaits: number,
  ): Promise<Bytes | { readonly closed: RendezvousEnd }>;
  /** The same, where only a message will do. Throws what the other side has ended it with. */
  message(
    put: { readonly at: number; readonly message: Bytes } | undefined,
    awaits: number,
  ): Promise<Bytes>;
  /** Tells the other side that it is over; one that cannot be told sees the time run out. */
  close(reason: RendezvousEnd): Promise<void>;
}

const faultsInARowMax = 3;

/** `as` is what shows that this side may: a key, or nothing beside the session. */
export function createMailbox(
  api: Pick<Api, "json">,
  path: string,
  as: { readonly key?: string },
): Mailbox {
  const ask = (body: object) => api.json("POST", path, rendezvousTurnSchema, { ...as, ...body });
  const turn: Mailbox["turn"] = async (put, awaits) => {
    const body = {
      ...(put === undefined ? {} : { put: { at: put.at, message: toBase64Url(put.message) } }),
      awaits,
    };
    let faults = 0;
    for (;;) {
      try {
        const { closed, message } = await ask(body);
        if (message !== undefined) return fromBase64Url(message);
        if (closed !== undefined) return { closed };
        faults = 0;
      } catch (error) {
        if (error instanceof Refusal && error.code === "notFound") {
          throw new ApprovalFault("expired", { cause: error });
        }
        // Writing the same message once more changes nothing.
        faults += 1;
        if (!(error instanceof NetworkFault) || faults === faultsInARowMax) throw error;
      }
    }
  };
  return {
    turn,
    async message(put, awaits) {
      const answer = await turn(put, awaits);
      if (answer instanceof Uint8Array) return answer;
      throw new ApprovalFault(answer.closed === "done" ? "failed" : answer.closed);
    },
    async close(reason) {
      try {
        await ask({ awaits: 0, close: reason });
      } catch (error) {
        if (!(error instanceof NetworkFault || error instanceof Refusal)) throw error;
      }
    },
  };
}
