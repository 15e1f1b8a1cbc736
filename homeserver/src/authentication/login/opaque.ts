import { client, ready, server } from "@serenity-kit/opaque";
import { fromBase64Url, Refusal, toBase64Url, utf8Decode, utf8Encode } from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import type { SecretFiles } from "../secret-files.ts";

/**
 * The server's side of OPAQUE-3DH (RFC 9807; ristretto255-SHA512, HKDF-SHA-512, HMAC-SHA-512).
 * The credential identifier is the user's URI. Argon2id runs in the client and its parameters
 * are the client's. Messages that do not decode are refused as `malformed`.
 */
export interface OpaqueServer {
  registrationResponse(user: string, registrationRequest: Bytes): Bytes;
  /** Refuses a registration record that no login could ever use. */
  checkRecord(record: Bytes): void;
  /**
   * Without a record it answers from a fake one (RFC 9807 §10.9): of a password that nobody has, and
   * made like any other, so that it takes the same work.
   */
  startLogin(
    user: string,
    record: Bytes | undefined,
    startLoginRequest: Bytes,
  ): { readonly loginResponse: Bytes; readonly state: string };
  /** True when the client knew the password. */
  finishLogin(state: string, finishLoginRequest: Bytes): boolean;
}

const SETUP_FILE = "opaque-setup";
const RECORD_BYTES = 192;

/** Loads the server's long-term secret, or makes it on the first start. Losing it loses logins. */
export async function openOpaque(files: SecretFiles): Promise<OpaqueServer> {
  await ready;
  const stored =
    (await files.read(SETUP_FILE)) ??
    (await files.create(SETUP_FILE, utf8Encode(server.createSetup())));
  return createOpaque(utf8Decode(stored));
}

/** Its password is forgotten at once; what stretching it would cost nobody pays. */
function fakeRecord(serverSetup: string): Bytes {
  // As good as random: nobody keeps it.
  const password = server.createSetup();
  const { clientRegistrationState, registrationRequest } = client.startRegistration({ password });
  const { registrationResponse } = server.createRegistrationResponse({
    serverSetup,
    userIdentifier: "fake",
    registrationRequest,
  });
  const { registrationRecord } = client.finishRegistration({
    clientRegistrationState,
    registrationResponse,
    password,
    keyStretching: { "argon2id-custom": { memory: 8, iterations: 1, parallelism: 1 } },
  });
  return fromBase64Url(registrationRecord);
}

/** `fake` stands for whoever has no record. */
export function createOpaque(serverSetup: string, fake?: Bytes): OpaqueServer {
  // Fails here, at the start, if the file does not hold a setup.
  server.getPublicKey(serverSetup);
  let stand = fake;

  return {
    registrationResponse: (user, registrationRequest) => {
      const { registrationResponse } = decoding(() =>
        server.createRegistrationResponse({
          serverSetup,
          userIdentifier: user,
          registrationRequest: toBase64Url(registrationRequest),
        }),
      );
      return fromBase64Url(registrationResponse);
    },
    checkRecord: (record) => {
      if (record.length !== RECORD_BYTES) {
        throw new Refusal("malformed", "the registration record has the wrong length");
      }
      // A login against it decodes it completely, its curve point included.
      decoding(() =>
        server.startLogin({
          serverSetup,
          userIdentifier: "record check",
          registrationRecord: toBase64Url(record),
          startLoginRequest: WELL_FORMED_LOGIN_START,
        }),
      );
    },
    startLogin: (user, record, startLoginRequest) => {
      // By the first login, whoever it is of, so that its time says nothing.
      stand ??= fakeRecord(serverSetup);
      const registrationRecord = toBase64Url(record ?? stand);
      const { loginResponse, serverLoginState } = decoding(() =>
        server.startLogin({
          serverSetup,
          userIdentifier: user,
          registrationRecord,
          startLoginRequest: toBase64Url(startLoginRequest),
        }),
      );
      return { loginResponse: fromBase64Url(loginResponse), state: serverLoginState };
    },
    finishLogin: (state, finishLoginRequest) => {
      try {
        server.finishLogin({
          serverLoginState: state,
          finishLoginRequest: toBase64Url(finishLoginRequest),
        });
        return true;
      } catch {
        // The library throws one plain Error both for a wrong password and for undecodable input;
        // neither tells the asker more than that the login failed.
        return false;
      }
    },
  };
}

/** A KE1 message: two encodings of the ristretto255 base point around a nonce (RFC 9496 §4.1). */
const WELL_FORMED_LOGIN_START = toBase64Url(
  new Uint8Array([...basePoint(), ...new Uint8Array(32), ...basePoint()]),
);

function basePoint(): Bytes {
  return fromBase64Url("4vKuCmq8TnGohKlhxQBRX1jjC2qlgt2NtqZZReCNLXY");
}

/** The library reports undecodable input as a plain Error. The setup was proved at the start. */
function decoding<T>(run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw new Refusal("malformed", "not a valid OPAQUE message", {}, { cause });
  }
}
