import {
  healthAnswerSchema,
  LIMITS,
  routes as paths,
  serverAnswerSchema,
  toBase64Url,
} from "@treehouse/protocol";
import type { Bytes, Domain, HealthAnswer } from "@treehouse/protocol";
import { jsonAnswer, route } from "./platform/index.ts";
import type { Route } from "./platform/index.ts";
import { version } from "./version.ts";

export interface ServerFacts {
  readonly domain: Domain;
  readonly registration: "invite" | "oidc" | "open";
  /** The issuer of the operator's provider of logins. */
  readonly provider: string | undefined;
  serverKeys(): readonly { readonly kid: string; readonly key: Bytes }[];
  status(): HealthAnswer["status"];
}

/** What anybody may ask about the server itself. */
export function serverRoutes(facts: ServerFacts): readonly Route[] {
  return [
    route({
      method: "GET",
      path: paths.health,
      access: "open",
      summary: "Whether the server works; degraded while its disk is full",
      answer: jsonAnswer(healthAnswerSchema),
      handle: () => ({ status: facts.status(), version }),
    }),
    route({
      method: "GET",
      path: paths.server,
      access: "open",
      summary: "The server's name, its keys, its limits and who may register",
      answer: jsonAnswer(serverAnswerSchema),
      handle: () => ({
        domain: facts.domain,
        serverKeys: facts.serverKeys().map(({ kid, key }) => ({ kid, key: toBase64Url(key) })),
        limits: LIMITS,
        version,
        registration: facts.registration,
        ...(facts.provider === undefined ? {} : { provider: facts.provider }),
      }),
    }),
  ];
}
