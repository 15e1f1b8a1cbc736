import { Refusal } from "@treehouse/protocol";
import type { Bytes, Domain } from "@treehouse/protocol";
import type { PeerCall } from "../../src/federation/index.ts";
import type { Route } from "../../src/platform/index.ts";

/** Calls a route as the HTTP server does. */
export async function answerOf(
  found: Route | undefined,
  from: Domain,
  { body, variables = {}, transactionId = "" }: PeerCall,
): Promise<Bytes> {
  if (found === undefined) throw new Refusal("notFound", "there is nothing");
  const answer = await found.handle({
    param: (name) => variables[name] ?? "",
    query: undefined,
    headers: undefined,
    body: found.body && "parse" in found.body ? found.body.parse(new Uint8Array(body)) : undefined,
    session: undefined,
    peer: { domain: from, transactionId },
    address: "127.0.0.1",
  });
  if (!(answer instanceof Uint8Array)) throw new Error("A peer's route answers octets.");
  return new Uint8Array(answer);
}
