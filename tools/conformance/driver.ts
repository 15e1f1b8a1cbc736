import { client as opaqueClient, ready } from "@serenity-kit/opaque";
import type { Driver } from "@treehouse/federation-spec/conformance";
import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import { createGroup, createKeyPackage, joinExternal, joinWelcome } from "@treehouse/mls/member";
import { randomBytes } from "node:crypto";

const crypto = createNodeCrypto({ random: (length) => new Uint8Array(randomBytes(length)) });
const context = { crypto, now: () => Date.now() };
/** Cheap on purpose: nothing is behind these passwords. */
const keyStretching = { "argon2id-custom": { memory: 8, iterations: 1, parallelism: 1 } };

/** MLS and OPAQUE for the conformance suite, by our own packages. */
export const driver: Driver = {
  createKeyPackage: (identity, options) => createKeyPackage(context, identity, options),
  createGroup: (identity, founding) => createGroup(context, identity, founding),
  joinWelcome: (identity, invitation) => joinWelcome(context, identity, invitation),
  joinExternal: (identity, invitation) => joinExternal(context, identity, invitation),
  hpke: {
    generateKeyPair: () => crypto.hpkeGenerateKeyPair(),
    open: (privateKey, { kemOutput, ciphertext }, info) =>
      crypto.hpkeOpen(privateKey, kemOutput, info, new Uint8Array(0), ciphertext),
  },
  async startRegistration(password) {
    await ready;
    const started = opaqueClient.startRegistration({ password });
    return {
      request: started.registrationRequest,
      finish(registrationResponse) {
        const { registrationRecord } = opaqueClient.finishRegistration({
          clientRegistrationState: started.clientRegistrationState,
          registrationResponse,
          password,
          keyStretching,
        });
        return { record: registrationRecord };
      },
    };
  },
};
