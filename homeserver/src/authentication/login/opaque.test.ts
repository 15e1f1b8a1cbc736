/**
 * RFC 9807 vectors against the library, as far as it can be driven with them. Its suite is fixed to
 * ristretto255-SHA512, so three of the nine vectors are of its group. Its server setup holds the
 * OPRF seed and the keys, and its random octets come from `getRandomValues`, so every octet of a
 * registration response and of KE2 before the MAC can be compared. The Context of the vectors
 * ("OPAQUE-POC") and their Identity key stretching cannot be set: KE2's MAC, KE3, the session key
 * and the client's half are covered by a whole exchange instead, not by vectors.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { client, ready } from "@serenity-kit/opaque";
import { fromBase64Url, fromHex, parseDomain, Refusal, userUri } from "@treehouse/protocol";
import { concatBytes, toBase64Url, toHex, utf8Decode } from "@treehouse/protocol";
import type { Bytes, UserUri } from "@treehouse/protocol";
import fc from "fast-check";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { createOpaque, openOpaque } from "./opaque.ts";
import type { OpaqueServer } from "./opaque.ts";
import type { SecretFiles } from "../secret-files.ts";

const given = process.env["TREEHOUSE_VECTORS"] ?? "";
const folder = given === "" ? join(import.meta.dirname, "../../../../shared/data") : given;
const file = join(folder, "opaque/vectors.json");
if (!existsSync(file)) {
  const line = "not run: OPAQUE vectors: no opaque/vectors.json beside the repository";
  console.log(line);
  const list = process.env["TREEHOUSE_NOT_RUN"] ?? "";
  if (list !== "") appendFileSync(list, `${line}\n`);
}

const vectorSchema = z.object({
  config: z.object({ Fake: z.enum(["True", "False"]), Group: z.string() }),
  inputs: z.record(z.string(), z.string()),
  outputs: z.record(z.string(), z.string()),
});
type Vector = z.infer<typeof vectorSchema>;

describe.skipIf(!existsSync(file))(
  "RFC 9807 vectors (skipped when the data folder is absent)",
  () => {
    const all = existsSync(file)
      ? z.array(vectorSchema).parse(JSON.parse(readFileSync(file, "utf8")))
      : [];
    const ours = all.filter(({ config }) => config.Group === "ristretto255");
    const real = ours.filter(({ config }) => config.Fake === "False");
    const fake = ours.filter(({ config }) => config.Fake === "True");

    beforeAll(() => ready);
    afterEach(() => vi.restoreAllMocks());

    test("the file holds two real vectors and a fake one of this suite", () => {
      expect([all.length, real.length, fake.length]).toEqual([9, 2, 1]);
    });

    test.each(real)("a registration response is the vector's", (vector) => {
      const server = serverOf(vector, "server_public_key");
      const response = server.registrationResponse(
        identifier(vector),
        output(vector, "registration_request"),
      );
      expect(toHex(response)).toBe(toHex(output(vector, "registration_response")));
    });

    test.each(real)("KE2 up to its MAC is the vector's", (vector) => {
      const record = output(vector, "registration_upload");
      const server = serverOf(vector, "server_public_key", record);
      // The masking key of a fake record is drawn first, also where it is not needed.
      feedRandom([
        new Uint8Array(64),
        ...["masking_nonce", "server_keyshare_seed", "server_nonce"].map((n) => input(vector, n)),
      ]);
      const { loginResponse } = server.startLogin(
        identifier(vector),
        record,
        output(vector, "KE1"),
      );
      expect(toHex(beforeMac(loginResponse))).toBe(toHex(beforeMac(output(vector, "KE2"))));
    });

    test.each(fake)("KE2 for an unknown user, up to its MAC, is the vector's", (vector) => {
      // RFC 9807 §10.9: the client's public key, the masking key, and an envelope of zeros.
      const record = concatBytes(
        input(vector, "client_public_key"),
        input(vector, "masking_key"),
        new Uint8Array(96),
      );
      const server = serverOf(vector, "client_public_key", record);
      feedRandom([
        new Uint8Array(64),
        ...["masking_nonce", "server_keyshare_seed", "server_nonce"].map((n) => input(vector, n)),
      ]);
      const { loginResponse } = server.startLogin(
        identifier(vector),
        undefined,
        input(vector, "KE1"),
      );
      expect(toHex(beforeMac(loginResponse))).toBe(toHex(beforeMac(output(vector, "KE2"))));
    });
  },
);

describe("a whole exchange", () => {
  const alice = userUri(parseDomain("example.org"), "alice");
  let server: OpaqueServer;
  let record: Bytes;

  beforeAll(async () => {
    server = await openOpaque(memoryFiles());
    record = register(server, alice, "correct horse");
  });

  test("the password opens it, another one does not, and both ends agree on who is who", () => {
    expect(login(server, alice, record, "correct horse")).toBe(true);
    expect(login(server, alice, record, "wrong horse")).toBe(false);
    const bob = userUri(parseDomain("example.org"), "bob");
    expect(login(server, bob, record, "correct horse")).toBe(false);
  });

  test("a user without a record is answered in the same shape, and no password opens it", () => {
    const { startLoginRequest } = client.startLogin({ password: "correct horse" });
    const known = server.startLogin(alice, record, fromBase64Url(startLoginRequest));
    const unknown = server.startLogin(alice, undefined, fromBase64Url(startLoginRequest));
    expect(unknown.loginResponse.length).toBe(known.loginResponse.length);
    expect(unknown.state.length).toBe(known.state.length);
    expect(login(server, alice, undefined, "correct horse")).toBe(false);
  });

  test("the setup outlives a restart", async () => {
    const files = memoryFiles();
    const before = register(await openOpaque(files), alice, "correct horse");
    expect(login(await openOpaque(files), alice, before, "correct horse")).toBe(true);
  });

  test("a good record passes its check, and one with any octet too few or too many does not", () => {
    expect(() => server.checkRecord(record)).not.toThrow();
    expect(() => server.checkRecord(record.slice(1))).toThrow(Refusal);
    expect(() => server.checkRecord(concatBytes(record, new Uint8Array(1)))).toThrow(Refusal);
    expect(() => server.checkRecord(new Uint8Array(192).fill(255))).toThrow(Refusal);
  });

  test("no octets do anything but be refused, or fail the login", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (octets) => {
        const foreign = new Uint8Array(octets);
        const request = () => server.registrationResponse(alice, foreign);
        const start = () => server.startLogin(alice, record, foreign);
        const check = () => server.checkRecord(foreign);
        expect([request, start, check].every(refusesOrWorks)).toBe(true);
        expect(server.finishLogin(toBase64Url(foreign), foreign)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

/** Fixed in a real client; small here, for the server never learns them. */
const keyStretching = { "argon2id-custom": { memory: 8, iterations: 1, parallelism: 1 } };

function register(server: OpaqueServer, user: UserUri, password: string): Bytes {
  const { clientRegistrationState, registrationRequest } = client.startRegistration({ password });
  const response = server.registrationResponse(user, fromBase64Url(registrationRequest));
  const { registrationRecord } = client.finishRegistration({
    clientRegistrationState,
    registrationResponse: toBase64Url(response),
    password,
    keyStretching,
  });
  return fromBase64Url(registrationRecord);
}

function login(
  server: OpaqueServer,
  user: UserUri,
  record: Bytes | undefined,
  password: string,
): boolean {
  const { clientLoginState, startLoginRequest } = client.startLogin({ password });
  const started = server.startLogin(user, record, fromBase64Url(startLoginRequest));
  const finished = client.finishLogin({
    clientLoginState,
    loginResponse: toBase64Url(started.loginResponse),
    password,
    keyStretching,
  });
  if (!finished) return server.finishLogin(started.state, new Uint8Array(64));
  return server.finishLogin(started.state, fromBase64Url(finished.finishLoginRequest));
}

function refusesOrWorks(run: () => void): boolean {
  try {
    run();
    return true;
  } catch (error) {
    return error instanceof Refusal;
  }
}

function serverOf(vector: Vector, fakeKey: string, fakeRecord?: Bytes): OpaqueServer {
  const parts = ["oprf_seed", "server_private_key", fakeKey].map((name) => input(vector, name));
  return createOpaque(toBase64Url(concatBytes(...parts)), fakeRecord);
}

function identifier(vector: Vector): string {
  return utf8Decode(input(vector, "credential_identifier"));
}

function input(vector: Vector, name: string): Bytes {
  return fromHex(vector.inputs[name] ?? "");
}

function output(vector: Vector, name: string): Bytes {
  return fromHex(vector.outputs[name] ?? "");
}

function beforeMac(ke2: Bytes): Bytes {
  return ke2.slice(0, -64);
}

/** Answers the library's calls for random octets, in order and each of its exact length. */
function feedRandom(parts: readonly Bytes[]): void {
  const left = [...parts];
  vi.spyOn(globalThis.crypto, "getRandomValues").mockImplementation((target) => {
    const part = left.shift();
    if (!(target instanceof Uint8Array) || part?.length !== target.length) {
      throw new Error("the library drew other octets than the vector gives");
    }
    target.set(part);
    return target;
  });
}

function memoryFiles(): SecretFiles {
  const files = new Map<string, Bytes>();
  return {
    read: async (name) => files.get(name),
    create: async (name, content) => {
      files.set(name, files.get(name) ?? content);
      return content;
    },
  };
}
