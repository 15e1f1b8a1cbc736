import type { X509Certificate } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";
import { Refusal } from "@treehouse/protocol";
import type { Bytes, Env } from "@treehouse/protocol";
import { Assertion } from "../assertion.ts";
import type { BodyBudget, BodyShare } from "./body-budget.ts";
import { TooSlow, watchPace } from "./body-pace.ts";
import { checkBodyHeaders, readBody } from "./body.ts";
import type { BodyForm } from "./form.ts";
import type { PeerGate } from "./peer-gate.ts";
import type { Peer, Route } from "./route.ts";

interface PeerIntakeOptions {
  readonly env: Pick<Env, "monotonic" | "timer">;
  readonly budget: BodyBudget;
  readonly gate: PeerGate | undefined;
}

/** Receives a request of another server; what it holds until it is answered goes to `held`. */
type PeerIntake = (
  route: Route,
  incoming: IncomingMessage,
  address: string,
  held: (() => void)[],
) => Promise<{ readonly peer: Peer; readonly body: unknown }>;

/**
 * Headers are judged before the body is read, since nobody has proved anything yet, and the body is
 * read before its sender is believed, since the signature covers it: bounded in size, in time and
 * per network address until then, and per server afterwards.
 */
export function createPeerIntake({ env, budget, gate }: PeerIntakeOptions): PeerIntake {
  return async (route, incoming, address, held) => {
    if (gate === undefined) throw new Refusal("notFound", "There is nothing at this path.");
    const { body: form } = route;
    if (form === undefined || "stream" in form) {
      throw new Assertion("A peer's route has a body that can be signed.");
    }
    gate.checkHost(incoming.headersDistinct["host"]);
    const admission = gate.open({
      method: incoming.method ?? "",
      path: incoming.url ?? "",
      headers: incoming.headersDistinct,
      address,
      certificate: certificateOf(incoming),
    });
    held.push(() => admission.close());
    checkBodyHeaders(incoming, form);
    const share = budget.open(address);
    held.push(() => share.release());
    const bytes = await readInTime(env, incoming, form, share);
    const peer = await admission.authenticate(bytes);
    // Many servers may have one address; from here on each answers for itself.
    share.moveTo(`peer ${peer.domain}`);
    return { peer, body: form.parse(bytes) };
  };
}

async function readInTime(
  env: Pick<Env, "monotonic" | "timer">,
  incoming: IncomingMessage,
  form: BodyForm<unknown>,
  share: BodyShare,
): Promise<Bytes> {
  const late = Promise.withResolvers<never>();
  const pace = watchPace(env, () => late.reject(new TooSlow("The body came too slowly.")));
  try {
    return await Promise.race([readBody(incoming, form, share, pace), late.promise]);
  } finally {
    pace.stop();
  }
}

/** Only one that OpenSSL has verified against the authorities which the listener trusts. */
function certificateOf({ socket }: IncomingMessage): X509Certificate | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  return socket.getPeerX509Certificate();
}
