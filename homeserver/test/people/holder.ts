import {
  keyMaterialRequestCodec,
  keyMaterialResponseCodec,
  keyPackagesAnswerSchema,
  keyPackageUploadAnswerSchema,
  keyPackageUploadCodec,
  paths,
  signKeyMaterialRequest,
  utf8Encode,
} from "@treehouse/protocol";
import type {
  Bytes,
  KeyMaterialRequest,
  KeyMaterialResponse,
  KeyPackagesAnswer,
  KeyPackageUploadAnswer,
  UnsignedKeyMaterialRequest,
  UserUri,
} from "@treehouse/protocol";
import { ask } from "./ask.ts";
import type { Answer } from "./ask.ts";
import { createPerson, leafIdentityOf, makeKeyPackage, testCrypto } from "./person.ts";
import type { KeyPair, Person } from "./person.ts";
import type { SmallServer } from "./small-server.ts";

const DAY = 86_400_000;

export type Made = {
  readonly keyPackage: Bytes;
  readonly ref?: Bytes;
  readonly lastResort: boolean;
};

type MakeOptions = {
  readonly lastResort?: boolean;
  readonly lifetimeMs?: number;
  readonly now?: number;
};

/** A person with a session, whose client makes KeyPackages. */
export type Holder = Person & {
  readonly token: string;
  readonly enrolled: Parameters<typeof leafIdentityOf>[1];
  make(options: MakeOptions): Promise<Made & { readonly ref: Bytes }>;
};

export async function enrol(server: SmallServer, name: string): Promise<Holder> {
  const person = createPerson(name, { now: server.now() - 30 * DAY, domain: server.domain });
  const enrolled = await server.authentication.enrol(person);
  const identity = leafIdentityOf(person, enrolled);
  return {
    ...person,
    enrolled,
    token: enrolled.session.token,
    make: async (options) => ({
      ...(await makeKeyPackage(person, identity, { now: server.now(), ...options })),
      lastResort: options.lastResort ?? false,
    }),
  };
}

export function tryUpload(
  server: SmallServer,
  owner: Holder,
  made: readonly Made[],
): Promise<Answer> {
  const tls = keyPackageUploadCodec.encode(
    made.map(({ keyPackage, lastResort }) => ({ keyPackage, lastResort })),
  );
  return ask(server.url, paths.keyPackages(), { token: owner.token, tls });
}

export async function uploaded(
  server: SmallServer,
  owner: Holder,
  made: readonly Made[],
): Promise<KeyPackageUploadAnswer> {
  const answer = await tryUpload(server, owner, made);
  if (answer.refusal) throw answer.refusal;
  return keyPackageUploadAnswerSchema.parse(answer.json);
}

export async function stock(server: SmallServer, owner: Holder): Promise<KeyPackagesAnswer> {
  const answer = await ask(server.url, paths.keyPackages(), { token: owner.token });
  return keyPackagesAnswerSchema.parse(answer.json);
}

export function requestOf(
  claimer: Holder,
  target: UserUri,
  change: Partial<UnsignedKeyMaterialRequest> = {},
  signer: KeyPair = claimer.clientKeys,
): KeyMaterialRequest {
  const request = {
    requestingUser: claimer.user,
    targetUser: target,
    room: undefined,
    acceptableCiphersuites: [1],
    requiredCapabilities: { extensions: [], proposals: [], credentials: [] },
    requesterSignatureKey: claimer.clientKeys.publicKey,
    requesterCredential: { identity: utf8Encode(claimer.client) },
    ...change,
  };
  return signKeyMaterialRequest(request, (message) => testCrypto.sign(signer.privateKey, message));
}

export function tryClaim(
  server: SmallServer,
  claimer: Holder,
  request: KeyMaterialRequest,
): Promise<Answer> {
  const tls = keyMaterialRequestCodec.encode(request);
  return ask(server.url, paths.keyMaterial(), { token: claimer.token, tls });
}

export async function claimed(
  server: SmallServer,
  claimer: Holder,
  target: UserUri,
  change: Partial<UnsignedKeyMaterialRequest> = {},
): Promise<KeyMaterialResponse> {
  const answer = await tryClaim(server, claimer, requestOf(claimer, target, change));
  if (answer.refusal) throw answer.refusal;
  return keyMaterialResponseCodec.decode(answer.bytes);
}
