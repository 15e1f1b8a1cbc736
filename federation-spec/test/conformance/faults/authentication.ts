import { MEDIA_TYPE_TLS, parseSignature, Refusal, toHex } from "@treehouse/protocol";
import type { Answered, Asked, Passage } from "../proxy.ts";
import { isBetweenServers } from "./fault.ts";
import type { Fault } from "./fault.ts";
import {
  altered,
  codeOf,
  fromOf,
  header,
  isDigestRight,
  isSignedBy,
  receivedHeaders,
  refusal,
  signedAnew,
  tested,
  withHeader,
} from "./signing.ts";

/** Faults of a server that does not look closely at who asks. */
export const authenticationFaults: readonly Fault[] = [
  {
    name: "answers under any name",
    rule: "FED-901",
    breaks: "asked for another domain it is misdirected",
    inbound: () => signingWhen((asked) => header(asked, "host") !== tested),
  },
  {
    name: "does not verify signatures",
    rule: "FED-905",
    breaks: "a signature over something else is refused",
    inbound: () => signingWhen((asked) => signatureOf(asked) !== undefined && !isSignedBy(asked)),
  },
  {
    name: "answers unsigned requests as it answered signed ones",
    rule: "FED-905",
    breaks: "a signature of which a header is missing or there twice is refused",
    inbound: () => {
      let good: Answered | undefined;
      return async (asked, forward) => {
        const answered = await forward(asked);
        if (!asked.path.endsWith("/notify")) return answered;
        if (answered.status === 200) good = answered;
        return answered.status === 401 && good !== undefined ? good : answered;
      };
    },
  },
  {
    name: "does not ask what a signature covers",
    rule: "FED-905",
    breaks: "a component that is not covered is missed",
    inbound: () =>
      signingWhen((asked) => !(header(asked, "signature-input") ?? "").includes('"@path"')),
  },
  {
    name: "passes over a query",
    rule: "FED-905",
    breaks: "a request with a query is refused, whether or not that is signed",
    inbound: () => async (asked, forward) =>
      forward({ ...asked, path: asked.path.replace(/\?.*/, "") }),
  },
  {
    name: "takes signatures of any form",
    rule: "FED-905",
    breaks: "other forms are refused, though their octets are signed",
    inbound: () =>
      signingWhen(
        (asked) =>
          /^sig\d=\(/.test(header(asked, "signature-input") ?? "") &&
          signatureOf(asked) === undefined,
      ),
  },
  {
    name: "lets any known key sign for any server",
    rule: "FED-906",
    breaks: "a key speaks for its own server alone",
    inbound: () => {
      const known = new Set<ReturnType<typeof fromOf>>();
      return signingWhen((asked) => {
        known.add(fromOf(asked));
        return [...known].some(
          (each) => each !== undefined && isSignedBy(asked, each) && each !== fromOf(asked),
        );
      });
    },
  },
  {
    name: "does not compare the digest",
    rule: "FED-907",
    breaks: "another digest is refused",
    inbound: () =>
      signingWhen(
        (asked) => header(asked, "content-digest") !== undefined && !isDigestRight(asked),
      ),
  },
  {
    name: "does not look at content-encoding",
    rule: "FED-907",
    breaks: "a compressed request is refused",
    inbound: () => async (asked, forward) => forward(withHeader(asked, "content-encoding")),
  },
  {
    name: "takes any transaction id",
    rule: "FED-908",
    breaks: "what has none in its form is refused",
    inbound: () =>
      signingWhen((asked) => !/^[0-9a-f]{32}$/.test(header(asked, "mimi-transaction-id") ?? "")),
  },
  {
    name: "does not look at the time of a signature",
    rule: "FED-909",
    breaks: "what is older or newer is refused, with the server's time",
    inbound: () =>
      signingWhen((asked) => {
        const created = signatureOf(asked)?.created ?? 0;
        return isSignedBy(asked) && Math.abs(created - Date.now() / 1000) > 300;
      }),
  },
  {
    name: "does not tell its time",
    rule: "FED-909",
    breaks: "what is older or newer is refused, with the server's time",
    inbound: () =>
      answering((_asked, answered) =>
        codeOf(answered) === "signatureInvalid"
          ? altered(answered, (problem) => ({ ...problem, serverTime: undefined }))
          : answered,
      ),
  },
  {
    name: "answers what comes again as it did before",
    rule: "FED-910",
    breaks: "a request that comes again is refused",
    inbound: () => {
      const answers = new Map<string, Answered>();
      return async (asked, forward) => {
        const signature = header(asked, "signature") ?? "";
        const known = answers.get(signature);
        if (known !== undefined) return known;
        const answered = await forward(asked);
        if (answered.status === 200 && signature !== "") answers.set(signature, answered);
        return answered;
      };
    },
  },
  {
    name: "remembers whole requests, and not their nonces",
    rule: "FED-910",
    breaks: "a nonce of another request is refused",
    inbound: () => {
      const nonces = new Map<string, string>();
      return signingWhen((asked) => {
        const nonce = signatureOf(asked)?.nonce;
        if (nonce === undefined) return false;
        const signature = header(asked, "signature") ?? "";
        const known = nonces.get(toHex(nonce));
        nonces.set(toHex(nonce), known ?? signature);
        return known !== undefined && known !== signature;
      });
    },
  },
  {
    name: "remembers the ends of nonces alone",
    rule: "FED-910",
    breaks: "a nonce that differs in a few octets is another one",
    inbound: () => {
      const ends = new Set<string>();
      return async (asked, forward) => {
        const nonce = signatureOf(asked)?.nonce;
        if (nonce === undefined) return forward(asked);
        const end = toHex(nonce.subarray(8));
        if (ends.has(end)) return refusal("replayed");
        ends.add(end);
        return forward(asked);
      };
    },
  },
  {
    name: "looks at the digest before the Host",
    rule: "FED-915",
    breaks: "Host comes first",
    inbound: () => async (asked, forward) =>
      isBetweenServers(asked.path) && !isDigestRight(asked)
        ? refusal("digestMismatch")
        : forward(asked),
  },
  {
    name: "remembers nonces of requests that nobody has signed",
    rule: "FED-915",
    breaks: "the signature comes before the nonce",
    inbound: () => {
      const nonces = new Set<string>();
      return async (asked, forward) => {
        const nonce = signatureOf(asked)?.nonce;
        if (nonce === undefined) return forward(asked);
        if (nonces.has(toHex(nonce))) return refusal("replayed");
        nonces.add(toHex(nonce));
        return forward(asked);
      };
    },
  },
  {
    name: "waits for a body that it will not take",
    rule: "FED-915",
    breaks: "the announced length comes before the body",
    inbound: () =>
      async function whole(asked, forward) {
        return forward(asked);
      },
  },
  {
    name: "takes any media type",
    rule: "FED-920",
    breaks: "another media type is refused",
    inbound: () => async (asked, forward) =>
      forward(
        isBetweenServers(asked.path) ? withHeader(asked, "content-type", MEDIA_TYPE_TLS) : asked,
      ),
  },
  {
    name: "answers that all is well to those who are denied",
    rule: "FED-917",
    breaks: "a server that is denied gets peerDenied, and is asked nothing",
    inbound: () => {
      let good: Answered | undefined;
      return async (asked, forward) => {
        const answered = await forward(asked);
        if (answered.status === 200 && asked.path.endsWith("/notify")) good = answered;
        return codeOf(answered) === "peerDenied" && good !== undefined ? good : answered;
      };
    },
  },
];

/** Signs the requests for which the condition holds, so that the server has no reason to refuse. */
export function signingWhen(condition: (asked: Asked) => boolean): Passage {
  return async (asked, forward) =>
    forward(isBetweenServers(asked.path) && condition(asked) ? signedAnew(asked) : asked);
}

/** Changes answers on their way back. */
export function answering(change: (asked: Asked, answered: Answered) => Answered): Passage {
  return async (asked, forward) => {
    const answered = await forward(asked);
    return isBetweenServers(asked.path) ? change(asked, answered) : answered;
  };
}

function signatureOf(asked: Asked): ReturnType<typeof parseSignature> | undefined {
  try {
    return parseSignature(receivedHeaders(asked));
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
