import { directorySchema, DIRECTORY_PATH, expandTemplate, parseDomain } from "@treehouse/protocol";
import type { Directory, Domain, EndpointName } from "@treehouse/protocol";
import type { Answer } from "./http/answer.ts";
import { openLine } from "./http/send.ts";
import type { Line } from "./http/send.ts";
import { present } from "./outcome.ts";

/** The server that is tested, as anybody can see it. */
export interface Subject {
  readonly domain: Domain;
  /** Where its client API is. */
  readonly url: URL;
  /** To its client API. */
  readonly clients: Line;
  /** To what other servers ask it. */
  readonly servers: Line;
  /** Its directory as it was answered at the beginning. */
  readonly directoryAnswer: Answer;
  /** Undefined if it has not its form. */
  readonly directory: Directory | undefined;
  close(): void;
}

export interface SubjectOptions {
  readonly url: URL;
  /** Where other servers reach it, if that is elsewhere. */
  readonly federationUrl?: URL | undefined;
  /** Its domain, if its client API does not tell. */
  readonly domain?: string | undefined;
}

/** Looks the server up. Throws an Error with a sentence for the operator if there is none. */
export async function openSubject(options: SubjectOptions): Promise<Subject> {
  const clients = openLine(options.url);
  const servers = options.federationUrl === undefined ? clients : openLine(options.federationUrl);
  const domain = parseDomain(options.domain ?? (await domainOf(clients)));
  const directoryAnswer = await fetchDirectory(servers, domain);
  const parsed = directorySchema.safeParse(directoryAnswer.json);
  return {
    domain,
    url: options.url,
    clients,
    servers,
    directoryAnswer,
    directory: parsed.success ? parsed.data : undefined,
    close() {
      clients.close();
      servers.close();
    },
  };
}

export function fetchDirectory(servers: Line, host: string): Promise<Answer> {
  return servers.send({
    method: "GET",
    path: DIRECTORY_PATH,
    headers: [
      ["host", host],
      ["accept", "application/json"],
    ],
  });
}

/** The path of an endpoint of the tested server. */
export function pathOf(
  subject: Subject,
  endpoint: EndpointName,
  value: string | undefined,
): string {
  const directory = present(subject.directory, "the directory cannot be read");
  const template = present(directory.endpoints[endpoint], `the directory has no ${endpoint}`);
  return new URL(expandTemplate(endpoint, template, value)).pathname;
}

async function domainOf(clients: Line): Promise<string> {
  const answer = await clients.send({
    method: "GET",
    path: "/v1/server",
    headers: [["host", clients.host]],
  });
  const domain = answer.member("domain");
  if (typeof domain === "string") return domain;
  throw new Error(`The server at ${clients.host} does not tell its domain. Name it with --domain.`);
}
