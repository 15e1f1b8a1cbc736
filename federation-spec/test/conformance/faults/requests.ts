import {
  batchAnswerCodec,
  batchCodec,
  domainOf,
  forwardedRequestCodec,
  identifierRequestCodec,
  keyMaterialRequestCodec,
  keyMaterialResponseCodec,
  LIMITS,
  parseUserUri,
  peerLeaveRequestCodec,
  Refusal,
  submissionAnswersCodec,
  submissionBatchCodec,
  toHex,
  treeRequestCodec,
  updateRoomResponseCodec,
} from "@treehouse/protocol";
import type { ClientUri, Domain, TreeRequest } from "@treehouse/protocol";
import type { Answered, Asked } from "../proxy.ts";
import { answering } from "./authentication.ts";
import { isBetweenServers } from "./fault.ts";
import type { Fault } from "./fault.ts";
import { altered, codeOf, fromOf, header, random, refusal, signedAnew, tls } from "./signing.ts";

const problemType = "application/problem+json";

/** Faults of how a server answers what others ask. */
export const requestFaults: readonly Fault[] = [
  {
    name: "takes any version",
    rule: "FED-105",
    breaks: "a version that is not 1",
    inbound: () => async (asked, forward) => {
      const isOther = isAt(asked, "/identifiers/") && asked.body[0] !== 1;
      const body = new Uint8Array([1, ...asked.body.slice(1)]);
      return forward(isOther ? signedAnew(asked, { body }) : asked);
    },
  },
  {
    name: "takes a user's name in any spelling",
    rule: "FED-125",
    breaks: "others are malformed",
    inbound: () => async (asked, forward) => {
      if (!isAt(asked, "/identifiers/")) return forward(asked);
      const user = new TextDecoder().decode(asked.body.slice(2)).toLowerCase();
      const body = orUndefined(() => identifierRequestCodec.encode({ user: parseUserUri(user) }));
      return forward(body === undefined ? asked : signedAnew(asked, { body }));
    },
  },
  {
    name: "forgets what it has answered to a commit",
    rule: "FED-224",
    breaks: "a commit that comes again",
    inbound: () => {
      const seen = new Set<string>();
      return async (asked, forward) => {
        const answered = await forward(asked);
        if (!asked.path.endsWith("/update") || answered.status !== 200) return answered;
        const key = toHex(asked.body);
        if (!seen.has(key)) {
          seen.add(key);
          return answered;
        }
        const over = { code: "wrongEpoch", currentEpoch: 9, reason: "wrongEpoch" } as const;
        return tls(updateRoomResponseCodec.encode({ ...over, description: "" }));
      };
    },
  },
  {
    name: "says of every handshake of another group that it is a commit",
    rule: "FED-924",
    breaks: "a proposal of another group is refused",
    inbound: () =>
      answering((asked, answered) =>
        codeOf(answered) === "invalidProposal" && asked.path.endsWith("/update")
          ? refusal("invalidCommit")
          : answered,
      ),
  },
  {
    name: "does not name the rule that a handshake breaks",
    rule: "FED-995",
    breaks: "another epoch",
    inbound: () =>
      answering((asked, answered) =>
        answered.status !== 200 && asked.path.endsWith("/update")
          ? altered(answered, (problem) => ({ ...problem, rule: undefined }))
          : answered,
      ),
  },
  {
    name: "asks whether a client is in the room, and not whose client it is",
    rule: "FED-921",
    breaks: "for a client of another domain everything is refused",
    inbound: () => async (asked, forward) => {
      const client = clientIn(asked);
      const home = client && domainOf(client);
      const isOthers = home !== undefined && home !== fromOf(asked) && home.startsWith("b.");
      return forward(isOthers ? signedAnew(asked, { from: home }) : asked);
    },
  },
  {
    name: "answers submissions in any order",
    rule: "FED-925",
    breaks: "good ones among bad ones",
    inbound: () =>
      answering((asked, answered) => {
        if (!asked.path.endsWith("/submit") || answered.status !== 200) return answered;
        const { answers } = submissionAnswersCodec.decode(answered.body);
        return tls(submissionAnswersCodec.encode({ answers: answers.toReversed() }));
      }),
  },
  {
    name: "refuses submissions for one that is bad",
    rule: "FED-925",
    breaks: "good ones among bad ones",
    inbound: () => async (asked, forward) => {
      const answered = await forward(asked);
      if (!asked.path.endsWith("/submit") || answered.status !== 200) return answered;
      const { answers } = submissionAnswersCodec.decode(answered.body);
      const bad = answers.find(({ status }) => status === "refused");
      if (bad === undefined) return answered;
      return tls(submissionAnswersCodec.encode({ answers: answers.map(() => bad) }));
    },
  },
  {
    name: "gives trees to everybody",
    rule: "FED-927",
    breaks: "a member gets that of its epoch, and nobody else",
    inbound: () => {
      const members = new Map<string, ClientUri>();
      return async (asked, forward) => {
        const request = orUndefined(() => treeRequestIn(asked));
        if (request === undefined) return forward(asked);
        const answered = await forward(asked);
        const known = members.get(asked.path);
        if (answered.status === 200) members.set(asked.path, request.client);
        if (answered.status === 200 || known === undefined) return answered;
        const body = treeRequestCodec.encode({ ...request, client: known });
        return forward(signedAnew(asked, { body }));
      };
    },
  },
  {
    name: "believes the path of a claim",
    rule: "FED-929",
    breaks: "the path and the request agree",
    inbound: () => async (asked, forward) => {
      const request = claimIn(asked);
      if (request === undefined) return forward(asked);
      const at = asked.path.lastIndexOf("/") + 1;
      const path = asked.path.slice(0, at) + encodeURIComponent(request.targetUser);
      return forward(path === asked.path ? asked : signedAnew(asked, { path }));
    },
  },
  {
    name: "gives KeyPackages to whoever asks",
    rule: "FED-930",
    breaks: "what is not signed by a listed client is refused",
    inbound: () => {
      let good: Answered | undefined;
      return answering((asked, answered) => {
        if (claimIn(asked) === undefined) return answered;
        if (answered.status === 200) good = answered;
        return codeOf(answered) === "identityInvalid" && good !== undefined ? good : answered;
      });
    },
  },
  {
    name: "forgets claims that it has answered",
    rule: "FED-933",
    breaks: "the same transaction with the same body",
    inbound: () => async (asked, forward) =>
      forward(
        claimIn(asked) === undefined
          ? asked
          : signedAnew(asked, { transactionId: toHex(random(16)) }),
      ),
  },
  {
    name: "tells that a user is not known",
    rule: "FED-963",
    breaks: "users without consent, unknown ones and those who block are one answer",
    inbound: () =>
      answering((asked, answered) => {
        const user = claimIn(asked)?.targetUser;
        if (user?.includes("/u/nobody-") !== true || answered.status !== 200) return answered;
        return tls(keyMaterialResponseCodec.encode({ status: "userUnknown", user, clients: [] }));
      }),
  },
  {
    name: "takes a body of any length",
    rule: "FED-935",
    breaks: "a body without an announced length ends at the bound",
    inbound: () =>
      async function whole(asked, forward) {
        if (!isBetweenServers(asked.path) || asked.body.length <= LIMITS.peerBodyBytesMax) {
          return forward(asked);
        }
        const cut = asked.path.endsWith("/submit")
          ? submissionBatchCodec.encode({ items: [] })
          : batchCodec.encode({ incarnation: random(16), items: [], heads: [] });
        return forward(signedAnew(asked, { body: cut }));
      },
  },
  {
    name: "gives missed entries to every server",
    rule: "FED-951",
    breaks: "a server without members is refused",
    inbound: () => asFirst("/events"),
  },
  {
    name: "tells every server where it stands in a room",
    rule: "FED-958",
    breaks: "standing",
    inbound: () => asFirst("/standing"),
  },
  {
    name: "keeps verdicts on rooms that are pushed to itself",
    rule: "FED-953",
    breaks: "a KeyPackage that was given for another room brings nobody in",
    inbound: () =>
      answering((asked, answered) => {
        if (!asked.path.endsWith("/notify") || answered.status !== 200) return answered;
        const answer = batchAnswerCodec.decode(answered.body);
        const rejected = answer.rejected.filter(({ code }) => code !== "notMember");
        return tls(batchAnswerCodec.encode({ ...answer, rejected }));
      }),
  },
  {
    name: "has the status 403 for what is 401",
    rule: "FED-501",
    breaks: "each refusal that was seen",
    along: ["FED-906"],
    inbound: () =>
      answering((_asked, answered) =>
        answered.status === 401
          ? { ...altered(answered, (problem) => ({ ...problem, status: 403 })), status: 403 }
          : answered,
      ),
  },
  {
    name: "refuses in HTML",
    rule: "FED-502",
    breaks: "each refusal that was seen",
    along: ["FED-901"],
    inbound: () =>
      answering((_asked, answered) =>
        answered.headers["content-type"] === problemType
          ? { ...answered, headers: { "content-type": "text/html" } }
          : answered,
      ),
  },
  {
    name: "repeats in a refusal what was sent",
    rule: "FED-505",
    breaks: "each refusal that was seen",
    along: ["FED-901"],
    inbound: () =>
      answering((asked, answered) =>
        answered.headers["content-type"] === problemType
          ? altered(answered, (problem) => ({
              ...problem,
              detail: `What is ${header(asked, "mimi-transaction-id")}?`,
            }))
          : answered,
      ),
  },
];

function isAt(asked: Asked, part: string): boolean {
  return isBetweenServers(asked.path) && asked.path.includes(part);
}

/** Requests of that kind are all signed by the server that was the first to be answered there. */
function asFirst(end: string): ReturnType<NonNullable<Fault["inbound"]>> {
  const firsts = new Map<string, Domain>();
  return async (asked, forward) => {
    const [from, place] = [fromOf(asked), asked.path.slice(0, asked.path.lastIndexOf("/"))];
    const answered = await forward(asked);
    if (!isBetweenServers(asked.path) || from === undefined) return answered;
    const first = firsts.get(place);
    if (answered.status === 200) firsts.set(place, first ?? from);
    if (answered.status === 200 || first === undefined) return answered;
    return asked.path.endsWith(end) ? forward(signedAnew(asked, { from: first })) : answered;
  };
}

function claimIn(asked: Asked) {
  if (!isAt(asked, "/key-material/")) return undefined;
  return orUndefined(() => keyMaterialRequestCodec.decode(asked.body));
}

function treeRequestIn(asked: Asked): TreeRequest | undefined {
  return asked.path.endsWith("/tree") && isBetweenServers(asked.path)
    ? treeRequestCodec.decode(asked.body)
    : undefined;
}

/** For whose client a request is. */
function clientIn({ path, body }: Asked): ClientUri | undefined {
  if (!isBetweenServers(path)) return undefined;
  return orUndefined(() => {
    if (path.endsWith("/tree")) return treeRequestCodec.decode(body).client;
    if (path.endsWith("/leave")) return peerLeaveRequestCodec.decode(body).client;
    if (/\/(?:update|group-info)$/.test(path)) return forwardedRequestCodec.decode(body).client;
    return path.endsWith("/submit")
      ? submissionBatchCodec.decode(body).items[0]?.client
      : undefined;
  });
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
