import {
  directorySchema,
  DIRECTORY_PATH,
  peerDetailSchema,
  peerRuleRequestSchema,
  peersAnswerSchema,
  peersQuerySchema,
  probeAnswerSchema,
  Refusal,
  routes,
} from "@treehouse/protocol";
import { jsonAnswer, jsonBody, noAnswer, route } from "../platform/index.ts";
import type { Route } from "../platform/index.ts";
import { deleteRule, putRule } from "./change-rule.ts";
import type { PeersContext } from "./context.ts";
import { describePeer, describePeers } from "./describe-peers.ts";
import { ownDirectory } from "./own-directory.ts";
import type { PeerState } from "./peer-state.ts";
import { probe } from "./probe.ts";
import { onlyDomain, parseRuleSubject } from "./rule-subject.ts";

/** The directory, which anybody may read, and what administrators see and decide. */
export function peerModuleRoutes(context: PeersContext): readonly Route[] {
  return [directoryRoute(context), ...viewRoutes(context), ...ruleRoutes(context)];
}

function directoryRoute(context: PeersContext): Route {
  return route({
    method: "GET",
    path: DIRECTORY_PATH,
    access: "open",
    summary: "What other servers must know of this one: keys, endpoints, versions",
    answer: jsonAnswer(directorySchema),
    handle: () => {
      if (context.policy.mode === "closed") {
        throw new Refusal("notFound", "This server does not federate.");
      }
      return ownDirectory(context);
    },
  });
}

function viewRoutes(context: PeersContext): readonly Route[] {
  return [
    route({
      method: "GET",
      path: routes.federationPeers,
      access: "admin",
      summary: "Other servers that are known, and the rules about them",
      query: peersQuerySchema,
      answer: jsonAnswer(peersAnswerSchema),
      handle: ({ query }) => describePeers(context, query),
    }),
    route({
      method: "GET",
      path: routes.federationPeer,
      access: "admin",
      summary: "One other server: its keys, its directory, what waits for it",
      answer: jsonAnswer(peerDetailSchema),
      handle: ({ param }) => describePeer(context, stateOf(context, param("domain"))),
    }),
    route({
      method: "POST",
      path: routes.federationProbe,
      access: "admin",
      summary: "Find another server and ask it something, step by step",
      answer: jsonAnswer(probeAnswerSchema),
      handle: ({ param }) => probe(context, onlyDomain(parseRuleSubject(param("domain")))),
    }),
    route({
      method: "POST",
      path: routes.federationRetry,
      access: "admin",
      summary: "Try again at once to send what waits for another server",
      answer: noAnswer,
      handle: ({ param }) => {
        const state = stateOf(context, param("domain"));
        if (context.policy.judge(state.domain).verdict === "deny") {
          throw new Refusal("peerDenied", `This server may not speak with ${state.domain}.`);
        }
        state.attemptedAt = undefined;
        context.status()?.retry(state.domain);
      },
    }),
  ];
}

function ruleRoutes(context: PeersContext): readonly Route[] {
  return [
    route({
      method: "PUT",
      path: routes.federationRule,
      access: "admin",
      summary: "Allow, deny or limit another server, or all below a name (*.example.org)",
      body: jsonBody(peerRuleRequestSchema),
      answer: noAnswer,
      handle: ({ param, body }) => putRule(context, parseRuleSubject(param("domain")), body),
    }),
    route({
      method: "DELETE",
      path: routes.federationRule,
      access: "admin",
      summary: "Drop the rule about another server",
      answer: noAnswer,
      handle: ({ param }) => deleteRule(context, parseRuleSubject(param("domain"))),
    }),
  ];
}

/** A server that is known, or one with which this server has something to do all the same. */
function stateOf({ book, policy, development, status }: PeersContext, text: string): PeerState {
  const domain = onlyDomain(parseRuleSubject(text));
  const isWaited =
    status()
      ?.status()
      .some((each) => each.domain === domain) === true;
  const isKnown = book.known(domain) !== undefined || development.has(domain) || isWaited;
  if (!isKnown && policy.judge(domain).rule === undefined) {
    throw new Refusal("notFound", "This server has had nothing to do with that one.");
  }
  return book.find(domain);
}
