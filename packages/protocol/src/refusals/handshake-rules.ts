import type { RefusalCode } from "./refusal-table.ts";

type Codes = readonly RefusalCode[];
type Row = { readonly from: string; readonly says: string; readonly codes: Codes };

const COMMIT: Codes = ["invalidCommit"];
const HANDSHAKE: Codes = ["invalidCommit", "invalidProposal"];
const KEY_PACKAGE: Codes = ["invalidKeyPackage", "invalidCommit"];
const IDENTITY: Codes = ["identityInvalid"];
const LIMIT: Codes = ["limitExceeded"];
const MALFORMED: Codes = ["malformed"];
const TOO_LARGE: Codes = ["tooLarge"];

/**
 * FED-995: the rules that a handshake, KeyPackage, GroupInfo, Welcome or ratchet tree can break, by
 * the name that a refusal gives, beside one of these codes. A name is never renamed or reused; the
 * table of page 13 is made from this one. What breaks several rules is refused for any of them.
 */
export const handshakeRules = {
  octets: rule("FED-601", "It has no more octets than its bound allows.", TOO_LARGE),
  elements: rule("FED-998", "Its lists have no more elements than the bound allows.", LIMIT),
  form: rule(
    "FED-102, FED-103",
    "It is one such object in its one encoding, and nothing after.",
    MALFORMED,
  ),

  contentType: rule("FED-220", "A commit is a commit, a proposal is a proposal.", HANDSHAKE),
  groupId: rule("RFC 9420 §6.1", "It is of this group.", HANDSHAKE),
  epoch: rule("RFC 9420 §6.1", "It is of this epoch.", ["wrongEpoch", "epochAhead"]),
  authenticatedDataLength: rule("FED-601", "Its authenticated data is within the bound.", LIMIT),
  authenticatedDataForm: rule("FED-111", "Its authenticated data is SafeAAD."),
  senderType: rule("RFC 9420 §6, FED-989", "Such a sender may send such a message.", HANDSHAKE),
  senderStated: rule("RFC 9420 §6.2", "Content and frame tell the same sender.", HANDSHAKE),
  senderBlank: rule("RFC 9420 §6.1", "A member that sends has a leaf in the tree.", HANDSHAKE),
  signature: rule("RFC 9420 §6.1", "The sender's signature holds.", HANDSHAKE),
  membershipTag: rule(
    "RFC 9420 §6.2",
    "A member's message has the group's membership tag.",
    HANDSHAKE,
  ),
  confirmationTag: rule("RFC 9420 §6.1", "The confirmation tag is that of the new epoch."),
  ownRemoval: rule("RFC 9420 §12.4.2", "Proposals and tree agree whether a client is removed."),
  nextEpoch: rule("RFC 9420 §12.4.2", "The public rule and the secrets lead to one epoch."),

  proposalCount: rule("FED-988", "A commit has no more proposals than the bound allows.", LIMIT),
  proposalType: rule("RFC 9420 §12.2, FED-988", "Such a commit may hold such a proposal."),
  stateChangeTwice: rule("RFC 9420 §12.2", "At most one proposal changes the extensions."),
  referenceUnknown: rule("RFC 9420 §12.4.2", "What is referenced is pending."),
  referenceByJoiner: rule("RFC 9420 §12.2", "An external commit holds proposals by value."),
  removeBlank: rule("RFC 9420 §12.1.3", "A removed leaf is in the tree and not blank."),
  removeTwice: rule("RFC 9420 §12.2", "A leaf is removed once."),
  removeSelf: rule("RFC 9420 §12.2", "A committer does not remove itself."),
  removalLeft: rule("FED-732", "A member's commit removes all leaves whose removal is pending.", [
    "removalPending",
  ]),
  pathMissing: rule("RFC 9420 §12.4", "A commit that needs a path has one."),
  externalInitCount: rule("RFC 9420 §12.2", "An external commit has one external_init."),
  externalRemoveCount: rule("RFC 9420 §12.2", "An external commit removes one leaf at most."),
  externalRemoveOther: rule("FED-751", "An external commit removes its own user's leaf alone."),
  externalInitOutput: rule(
    "RFC 9180 §4.1",
    "An external_init has a KEM output that gives a secret.",
  ),

  proposedType: rule("FED-989", "Outside of commits only removals are proposed.", [
    "invalidProposal",
  ]),
  proposedBlank: rule("RFC 9420 §12.1.3", "A removal names a leaf that is not blank.", [
    "invalidProposal",
  ]),
  proposedTwice: rule("FED-989", "A removal that is pending is not proposed again.", [
    "invalidProposal",
  ]),
  proposedTooMany: rule("FED-601", "No more removals are pending than the bound allows.", LIMIT),
  proposedCount: rule("FED-601", "A bundle has 1 to 100 proposals.", ["invalidProposal"]),
  proposedBySeveral: rule("FED-221", "The proposals of a bundle have one sender.", [
    "invalidProposal",
  ]),

  keyPackageVersion: rule("RFC 9420 §10.1", "A KeyPackage is of the group's version.", KEY_PACKAGE),
  keyPackageSuite: rule(
    "RFC 9420 §10.1",
    "A KeyPackage is of the group's ciphersuite.",
    KEY_PACKAGE,
  ),
  keyPackageSignature: rule("RFC 9420 §10.1", "A KeyPackage's signature holds.", KEY_PACKAGE),
  keyPackageExtensionTwice: rule("FED-996", "A KeyPackage has an extension once.", KEY_PACKAGE),
  lastResortContent: rule("FED-982", "last_resort is empty.", KEY_PACKAGE),
  initKeyTwice: rule("RFC 9420 §10.1", "The init key is not the encryption key.", KEY_PACKAGE),
  initKeyUnusable: rule("FED-980", "The init key can be encrypted to.", KEY_PACKAGE),
  lifetimeRange: rule("FED-104", "The times of a lifetime are numbers within bounds.", KEY_PACKAGE),
  lifetimeEarly: rule("RFC 9420 §7.3", "A lifetime has begun.", KEY_PACKAGE),
  lifetimeOver: rule("RFC 9420 §7.3", "A lifetime is not over.", KEY_PACKAGE),
  lifetimeLong: rule("RFC 9420 §7.2, FED-982", "A lifetime is within the bound.", KEY_PACKAGE),

  leafCredential: rule("FED-981", "A leaf's credential is basic.", KEY_PACKAGE),
  leafSignatureKey: rule(
    "FED-131",
    "A leaf's signature key is a canonical point of large order.",
    KEY_PACKAGE,
  ),
  leafEncryptionKey: rule("FED-980", "A leaf's encryption key can be encrypted to.", KEY_PACKAGE),
  leafSignature: rule("RFC 9420 §7.3", "A leaf's signature holds.", KEY_PACKAGE),
  leafVersions: rule("FED-981", "A leaf's capabilities list the version.", KEY_PACKAGE),
  leafSuites: rule("FED-981", "A leaf's capabilities list the ciphersuite.", KEY_PACKAGE),
  leafCredentials: rule(
    "RFC 9420 §7.3",
    "A leaf's capabilities list the group's credential types.",
    KEY_PACKAGE,
  ),
  leafExtensions: rule(
    "RFC 9420 §7.3",
    "A leaf's capabilities list the required extensions.",
    KEY_PACKAGE,
  ),
  leafCapabilityCount: rule("FED-996", "A list of capabilities is within the bound.", LIMIT),
  leafExtensionUnlisted: rule(
    "RFC 9420 §7.3",
    "A leaf's extensions are in its capabilities.",
    KEY_PACKAGE,
  ),
  leafRulesKnown: rule(
    "FED-745",
    "What a leaf says of its rules versions is one number.",
    KEY_PACKAGE,
  ),
  leafExtensionTwice: rule("FED-996", "A leaf has an extension once.", KEY_PACKAGE),
  encryptionKeyTwice: rule("RFC 9420 §7.3", "An encryption key is at one place of the tree."),
  signatureKeyTwice: rule("RFC 9420 §7.3", "A signature key is at one leaf."),
  clientTwice: rule("FED-983", "A client has one leaf."),
  leafCount: rule("FED-601", "A group has no more leaves than the bound allows.", LIMIT),

  pathLeafKeyKept: rule("RFC 9420 §12.4.2", "A path's leaf has a new encryption key."),
  pathKeyUnusable: rule("FED-980", "The keys of a path can be encrypted to."),
  pathKeyTwice: rule("RFC 9420 §12.4.2", "The keys of a path differ from one another."),
  pathKeyKnown: rule("RFC 9420 §12.4.2", "The keys of a path are new to the tree."),
  pathLength: rule("RFC 9420 §7.5", "A path has a node for each filtered ancestor."),
  pathCiphertextCount: rule("RFC 9420 §7.6, FED-991", "A path's node has one secret per receiver."),
  pathCiphertextLength: rule("FED-991", "A path's secret has 32 and 48 octets."),
  pathParentHash: rule("RFC 9420 §7.9.2", "The path's leaf has the parent hash of the path."),
  pathSecret: rule("RFC 9420 §7.5", "A path's secret opens and gives the path's keys."),
  committerChanged: rule("FED-983", "A path's leaf has the committer's credential and key."),

  identityCredential: rule("FED-981", "A credential's identity is a client's URI.", IDENTITY),
  identityCount: rule("FED-981", "A leaf has one identity extension.", IDENTITY),
  identityForm: rule("FED-305", "A leaf's identity can be decoded.", IDENTITY),
  identityClient: rule("FED-305", "The attestation is of this client.", IDENTITY),
  identityUser: rule("FED-305", "The certificate is of the client's user.", IDENTITY),
  identityNumbers: rule("FED-305", "Attestation and certificate have one number.", IDENTITY),
  identityKey: rule("FED-305", "The attestation is of this signature key.", IDENTITY),
  identityEarly: rule("FED-305", "The attestation is valid already.", IDENTITY),
  identityExpired: rule("FED-305", "The attestation is still valid.", IDENTITY),
  identityCertificate: rule("FED-305", "The identity key signed the certificate.", IDENTITY),
  identityAttestation: rule("FED-305", "The device-signing key signed the attestation.", IDENTITY),
  identityKeysDiffer: rule("FED-306", "A user's leaves have one identity key.", IDENTITY),
  identityKeyChanged: rule(
    "FED-306",
    "Another identity key comes by a member's commit alone.",
    IDENTITY,
  ),
  identityReplaced: rule(
    "FED-307",
    "No replaced device-signing key certifies a new leaf.",
    IDENTITY,
  ),

  groupSuite: rule("FED-980", "A group is of this version and ciphersuite."),
  groupUri: rule("FED-985", "A group's id is a group's URI.", MALFORMED),
  groupEpoch: rule("FED-104", "A group's epoch is a number within bounds.", MALFORMED),
  groupExtensions: rule("FED-986", "A group has its three extensions, in order."),
  requiredCapabilities: rule("FED-986", "The required capabilities are the profile's."),
  externalSenderCount: rule("FED-986", "A group has one external sender."),
  externalSenderKey: rule("FED-986", "The external sender's key has 32 octets."),
  externalSenderCredential: rule("FED-986", "The external sender's credential is basic.", [
    "invalidCommit",
    "malformed",
  ]),
  stateChangeOther: rule(
    "FED-987",
    "A commit changes the state and the hub, and no other extension.",
  ),
  hubChange: rule("FED-1122", "Hub, key, term and external sender change together."),
  hubTerm: rule("FED-1122", "A new hub has a higher term."),
  hubConsent: rule("FED-1122", "A new hub has consented."),
  hubConsentOver: rule("FED-1122", "A new hub's consent is still valid."),
  hubNamed: rule("FED-1122", "The external sender is the hub that the state names."),
  dictionaryLength: rule("FED-601", "The room's state is within the bound.", LIMIT),
  dictionaryForm: rule("FED-701, FED-704", "The room's state can be decoded and is consistent."),

  groupInfoContext: rule("FED-990", "A GroupInfo is of the epoch's GroupContext."),
  groupInfoTag: rule("FED-990", "A GroupInfo has the epoch's confirmation tag."),
  groupInfoSigner: rule("FED-990", "The committer signed the GroupInfo."),
  groupInfoSignerBlank: rule("RFC 9420 §12.4.3", "A GroupInfo's signer is a member."),
  groupInfoExtensions: rule("FED-990", "A GroupInfo has external_pub and no other extension."),
  groupInfoExternalPub: rule("FED-990", "A GroupInfo's external_pub can be encrypted to."),
  groupInfoSignature: rule("RFC 9420 §12.4.3", "A GroupInfo's signature holds."),
  welcomeMissing: rule("FED-991", "A commit that adds by KeyPackage has a Welcome."),
  welcomeSuite: rule("FED-980", "A Welcome is of this ciphersuite.", [
    "invalidCommit",
    "invalidMessage",
  ]),
  welcomeRecipients: rule("FED-991", "A Welcome has one part for each KeyPackage that is added."),
  welcomeOther: rule("RFC 9420 §12.4.3.1", "A Welcome is for a KeyPackage of this client.", [
    "invalidMessage",
  ]),
  welcomeSecrets: rule("RFC 9420 §12.4.3.1", "A Welcome opens with the init key.", [
    "invalidMessage",
  ]),
  welcomePsk: rule("FED-991", "A Welcome has no PSK.", ["invalidMessage"]),
  welcomeTree: rule("FED-991", "A Welcome has no tree.", ["invalidMessage"]),
  welcomeOwnLeaf: rule("RFC 9420 §12.4.3.1", "A Welcome's tree has the joiner's leaf."),

  treeShape: rule("RFC 9420 §7.8, §12.4.3.3", "Leaves and parents stand where they belong.", [
    "malformed",
    "invalidCommit",
  ]),
  unmergedLeaves: rule("RFC 9420 §12.4.3.1", "Unmerged leaves ascend, are there and below."),
  unmergedBetween: rule("RFC 9420 §12.4.3.1", "Parents between list an unmerged leaf as well."),
  parentKeyUnusable: rule("FED-980", "A parent's key can be encrypted to."),
  parentHash: rule("RFC 9420 §7.9.2", "A tree's parent hashes hold."),
  treeHash: rule("RFC 9420 §7.8", "The tree is the one whose hash the group has."),
  foundedAlone: rule("FED-985", "A new group has one member."),
} as const satisfies Record<string, Row>;

export type HandshakeRule = keyof typeof handshakeRules;

export function isHandshakeRule(text: string): text is HandshakeRule {
  return Object.hasOwn(handshakeRules, text);
}

function rule(from: string, says: string, codes: Codes = COMMIT): Row {
  return { from, says, codes };
}
