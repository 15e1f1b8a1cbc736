import type { HandshakeRule } from "@treehouse/protocol";

import type { MlsCrypto } from "../../src/crypto/index.ts";

/** What a verdict took. Counts, unlike times, are the same on every machine. */
export type Cost = { signatureChecks: number; hashes: number; agreements: number };

export class Counter {
  #cost: Cost = { signatureChecks: 0, hashes: 0, agreements: 0 };

  readonly wrap = (crypto: MlsCrypto): MlsCrypto => ({
    ...crypto,
    verify: (...parts) => ((this.#cost.signatureChecks += 1), crypto.verify(...parts)),
    hash: (data) => ((this.#cost.hashes += 1), crypto.hash(data)),
    hpkeOpen: (...parts) => ((this.#cost.agreements += 1), crypto.hpkeOpen(...parts)),
    hpkeExportFrom: (...parts) => ((this.#cost.agreements += 1), crypto.hpkeExportFrom(...parts)),
  });

  /** What was done since this was asked last. */
  take(): Cost {
    const cost = this.#cost;
    this.#cost = { signatureChecks: 0, hashes: 0, agreements: 0 };
    return cost;
  }
}

/** FED-997: judged before any signature is. */
export const judgedFirst: ReadonlySet<HandshakeRule> = new Set([
  "octets",
  "form",
  "elements",
  "contentType",
  "groupId",
  "epoch",
  "authenticatedDataLength",
  "authenticatedDataForm",
  "senderType",
  "senderBlank",
  "proposalCount",
  "proposalType",
  "stateChangeTwice",
  "referenceUnknown",
  "referenceByJoiner",
  "removeBlank",
  "removeTwice",
  "removeSelf",
  "removalLeft",
  "externalInitCount",
  "externalInitOutput",
  "externalRemoveCount",
  "externalRemoveOther",
  "proposedType",
  "proposedBlank",
  "proposedTwice",
  "proposedTooMany",
  "proposedCount",
  "keyPackageVersion",
  "keyPackageSuite",
  "keyPackageExtensionTwice",
  "lastResortContent",
  "initKeyTwice",
  "initKeyUnusable",
  "lifetimeRange",
  "lifetimeEarly",
  "lifetimeOver",
  "lifetimeLong",
  "leafCredential",
  "leafSignatureKey",
  "leafEncryptionKey",
  "leafVersions",
  "leafSuites",
  "leafCredentials",
  "leafExtensions",
  "leafCapabilityCount",
  "leafExtensionUnlisted",
  "leafExtensionTwice",
  "leafRulesKnown",
  "pathLeafKeyKept",
  "pathKeyUnusable",
  "pathCiphertextLength",
]);
