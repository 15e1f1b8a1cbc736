import {
  domainOf,
  fromBase64Url,
  Refusal,
  rendezvousAnswerSchema,
  rendezvousApprovingSchema,
  rendezvousJoiningSchema,
  rendezvousRequestSchema,
  rendezvousTurnSchema,
  routes,
  toBase64Url,
} from "@treehouse/protocol";
import type { Domain, RendezvousEnd } from "@treehouse/protocol";
import { jsonAnswer, jsonBody, route } from "../platform/index.ts";
import type { RateLimiter, Route } from "../platform/index.ts";
import type { Mailboxes, Turn, Turned } from "./mailboxes.ts";

type Limits = Readonly<Record<"perAddress" | "stepsPerAddress" | "stepsPerUser", RateLimiter>>;

/** A mailbox for a new client, and a path to it for each side. */
export function rendezvousRoutes(
  domain: Domain,
  mailboxes: Mailboxes,
  limits: Limits,
): readonly Route[] {
  return [
    route({
      method: "POST",
      path: routes.rendezvous,
      access: "open",
      summary: "Open a mailbox in which a new client waits for one that approves it",
      body: jsonBody(rendezvousRequestSchema),
      answer: jsonAnswer(rendezvousAnswerSchema, 201),
      handle: ({ body, address }) => {
        limits.perAddress.take(address);
        if (domainOf(body.user) !== domain) {
          throw new Refusal("misdirected", "this user is of another server: ask that one");
        }
        return mailboxes.open(body.user, address);
      },
    }),
    route({
      method: "POST",
      path: routes.rendezvousJoining,
      access: "open",
      summary: "A step of the new client: write a message, and wait for the next",
      body: jsonBody(rendezvousJoiningSchema),
      answer: jsonAnswer(rendezvousTurnSchema),
      handle: async ({ body, param, address }) => {
        limits.stepsPerAddress.take(address);
        return answerOf(await mailboxes.joining(param("mailbox"), body.key, turnOf(body)));
      },
    }),
    route({
      method: "POST",
      path: routes.rendezvousApproving,
      access: "session",
      summary: "A step of the approving client, of the same user: the same",
      body: jsonBody(rendezvousApprovingSchema),
      answer: jsonAnswer(rendezvousTurnSchema),
      handle: async ({ body, param, session }) => {
        limits.stepsPerUser.take(session.user);
        return answerOf(await mailboxes.approving(param("mailbox"), session.user, turnOf(body)));
      },
    }),
  ];
}

function turnOf(body: {
  readonly put?: { readonly at: number; readonly message: string } | undefined;
  readonly awaits: number;
  readonly close?: RendezvousEnd | undefined;
}): Turn {
  const { awaits, close, put } = body;
  return {
    put: put && { at: put.at, message: fromBase64Url(put.message) },
    awaits,
    close,
  };
}

function answerOf({ closed, message }: Turned) {
  return {
    ...(message === undefined ? {} : { message: toBase64Url(message) }),
    ...(closed === undefined ? {} : { closed }),
  };
}
