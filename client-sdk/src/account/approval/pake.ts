import { client, ready, server } from "@serenity-kit/opaque";
import { type Bytes, fromBase64Url, toBase64Url, type UserUri } from "@treehouse/protocol";

/**
 * OPAQUE (RFC 9807) between two clients, as a key exchange that a short secret authenticates: the new
 * client is its server, with a setup and a record that live as long as one code, and the approving one
 * its client. Whoever is in between, the homeserver too, has one guess per code (decision 0025).
 */
type Place = { readonly user: UserUri; readonly mailbox: string; readonly secret: string };

/**
 * The record never leaves the new client's memory, so that there is nothing to guess against but the
 * new client itself, which answers once. Stretching would slow the honest down alone.
 */
const keyStretching = { "argon2id-custom": { memory: 8, iterations: 1, parallelism: 1 } };

const userIdentifier = "approving client";

const identifiersOf = ({ mailbox, user }: Place) => ({
  client: `approving client of ${user}`,
  server: `new client of ${user} at ${mailbox}`,
});

/** The new client's side. Both functions are undefined for what does not fit, and hold once. */
export type JoiningExchange = {
  /** Answers the first message. */
  answer(first: Bytes): Bytes | undefined;
  /** The key, if the other side has the same secret. */
  finish(third: Bytes): Bytes | undefined;
};

export async function exchangeAsJoining(place: Place): Promise<JoiningExchange> {
  await ready;
  const identifiers = identifiersOf(place);
  const { secret: password } = place;
  const serverSetup = server.createSetup();
  const started = client.startRegistration({ password });
  const { registrationResponse } = server.createRegistrationResponse({
    serverSetup,
    userIdentifier,
    registrationRequest: started.registrationRequest,
  });
  const { registrationRecord } = client.finishRegistration({
    clientRegistrationState: started.clientRegistrationState,
    registrationResponse,
    password,
    identifiers,
    keyStretching,
  });
  let answered = false;
  let serverLoginState: string | undefined;
  return {
    answer(first) {
      // The one guess: a second answer to another first message would be a second one.
      if (answered) return undefined;
      answered = true;
      return attempt(() => {
        const begun = server.startLogin({
          serverSetup,
          registrationRecord,
          startLoginRequest: toBase64Url(first),
          userIdentifier,
          identifiers,
        });
        ({ serverLoginState } = begun);
        return fromBase64Url(begun.loginResponse);
      });
    },
    finish(third) {
      const state = serverLoginState;
      serverLoginState = undefined;
      if (state === undefined) return undefined;
      const finishLoginRequest = toBase64Url(third);
      return attempt(() => {
        const login = { serverLoginState: state, finishLoginRequest, identifiers };
        return fromBase64Url(server.finishLogin(login).sessionKey);
      });
    },
  };
}

/** The approving client's side. */
export type ApprovingExchange = {
  readonly first: Bytes;
  /** The third message and the key, if the other side has the same secret. */
  finish(second: Bytes): { readonly third: Bytes; readonly key: Bytes } | undefined;
};

export async function exchangeAsApproving(place: Place): Promise<ApprovingExchange> {
  await ready;
  const { secret: password } = place;
  const { clientLoginState, startLoginRequest } = client.startLogin({ password });
  return {
    first: fromBase64Url(startLoginRequest),
    finish: (second) =>
      attempt(() => {
        const finished = client.finishLogin({
          clientLoginState,
          loginResponse: toBase64Url(second),
          password,
          identifiers: identifiersOf(place),
          keyStretching,
        });
        if (finished === undefined) return undefined;
        return {
          third: fromBase64Url(finished.finishLoginRequest),
          key: fromBase64Url(finished.sessionKey),
        };
      }),
  };
}

/** The library throws one plain Error both for a wrong secret and for what it cannot decode. */
function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
