import { paths, peersAnswerSchema } from "@treehouse/protocol";
import type { PeerRuleRequest, PeersAnswer } from "@treehouse/protocol";
import { ask } from "../people/ask.ts";
import { createPerson } from "../people/person.ts";
import { register } from "../people/sign-in.ts";
import type { ServerProcess } from "./server.ts";

/** The administrator of one server, who speaks to it directly. */
export interface Operator {
  readonly token: string;
  rule(subject: string, rule: PeerRuleRequest): Promise<void>;
  deny(subject: string): Promise<void>;
  lift(subject: string): Promise<void>;
  peers(): Promise<PeersAnswer["peers"]>;
  /** Has what waits for a server sent at once. */
  retry(peer: string): Promise<void>;
}

export async function createOperator(server: ServerProcess): Promise<Operator> {
  const { domain, url, adminInvite } = server;
  const person = createPerson("operator", { domain });
  const options = { password: "a password for the operator", invite: adminInvite };
  const { token } = (await register(url, person, options)).session;
  const done = async (method: "PUT" | "DELETE", subject: string, json?: unknown): Promise<void> => {
    const answer = await ask(url, paths.federationRule(subject), { method, token, json });
    if (answer.refusal !== undefined) throw answer.refusal;
  };
  return {
    token,
    rule: (subject, rule) => done("PUT", subject, rule),
    deny: (subject) => done("PUT", subject, { action: "deny", reason: "a test" }),
    lift: (subject) => done("DELETE", subject),
    async retry(peer) {
      const answer = await ask(url, paths.federationRetry(peer), { method: "POST", token });
      if (answer.refusal !== undefined) throw answer.refusal;
    },
    async peers() {
      const { json } = await ask(url, paths.federationPeers(), { token });
      return peersAnswerSchema.parse(json).peers;
    },
  };
}
