import type { Bytes } from "@treehouse/protocol";
import { copyBytes } from "@treehouse/protocol";
import type { CiphersuiteImpl } from "ts-mls";
import { joinGroup } from "ts-mls/clientState.js";
import type { GroupInfo } from "ts-mls/groupInfo.js";
import { emptyPskIndex } from "ts-mls/pskIndex.js";
import type { Welcome } from "ts-mls/welcome.js";
import { decryptGroupInfo, decryptGroupSecrets } from "ts-mls/welcome.js";

import { toTsMls, toTsMlsWith } from "../crypto/index.ts";
import { clientConfig, SUITE } from "../profile/index.ts";
import { leafAt, readLeaf } from "../tree/index.ts";
import {
  checkIdentities,
  checkIdentity,
  checkLeafNodes,
  checkRoomState,
  readContext,
  TREE_RULES,
  verifyTreeAhead,
} from "../validity/index.ts";
import { broken, decodeTree, decodeUntrusted, refuseOn, welcomeKind } from "../wire/index.ts";
import type { ClientIdentity, MemberContext, MemberGroup, WelcomeExtension } from "./face.ts";
import { Group } from "./group.ts";
import type { OwnKeyPackage } from "./key-package.ts";
import { decodeSecret } from "./key-package.ts";
import { liveWith } from "./snapshot.ts";

/** First extension type for private use (RFC 9420 §17.3). */
const PRIVATE_EXTENSIONS = 0xf000;

export type JoinedByWelcome = {
  readonly group: MemberGroup;
  readonly keyPackageRef: Bytes;
  readonly committerLeaf: number;
  /** What the committer gave as `welcomeExtensions`. */
  readonly groupInfoExtensions: readonly WelcomeExtension[];
};

/**
 * Joins by Welcome, with the tree of the same epoch fetched apart. `secrets` gives what
 * `createKeyPackage` returned for a ref; delete that secret together with storing the group, so
 * that the same Welcome can do nothing a second time. `at` is when the hub accepted the commit.
 * Refusals: malformed, tooLarge, invalidMessage (not for this client, or it cannot be opened),
 * invalidCommit (the tree does not belong to it), identityInvalid, clientMismatch, limitExceeded.
 */
export async function joinWelcome(
  context: MemberContext,
  identity: ClientIdentity,
  input: {
    welcome: Bytes;
    ratchetTree: Bytes;
    secrets: (ref: Bytes) => Bytes | undefined;
    at: number;
  },
): Promise<JoinedByWelcome> {
  const { crypto } = context;
  const cs = toTsMls(crypto);
  const welcome = decodeUntrusted(welcomeKind, input.welcome);
  if (welcome.cipherSuite !== SUITE) throw broken("welcomeSuite", "invalidMessage");
  const { own, ref } = findOwn(welcome, input.secrets, identity);
  const groupInfo = await openGroupInfo(cs, welcome, own, ref);
  readContext(groupInfo.groupContext);
  checkRoomState(groupInfo.groupContext);
  const tree = decodeTree(input.ratchetTree);
  if (leafAt(tree, groupInfo.signer) === undefined) {
    throw broken("groupInfoSignerBlank");
  }
  checkLeafNodes(crypto, tree);
  const verify = await verifyTreeAhead(crypto, tree, groupInfo.groupContext);
  const join = () =>
    joinGroup(
      welcome,
      own.publicPackage,
      own.privatePackage,
      emptyPskIndex,
      toTsMlsWith(crypto, verify),
      tree,
      undefined,
      clientConfig(input.at),
    );
  const state = await refuseOn("invalidCommit", join, TREE_RULES);
  checkIdentities({ verify }, tree);
  checkIdentity(crypto, readLeaf(own.publicPackage.leafNode), input.at);
  return {
    group: new Group(context, identity, liveWith(state, []), undefined),
    keyPackageRef: ref,
    committerLeaf: groupInfo.signer,
    groupInfoExtensions: privateExtensionsOf(groupInfo),
  };
}

function privateExtensionsOf(groupInfo: GroupInfo): readonly WelcomeExtension[] {
  return groupInfo.extensions.flatMap(({ extensionType, extensionData }) =>
    typeof extensionType === "number" && extensionType >= PRIVATE_EXTENSIONS
      ? [{ extensionType, data: copyBytes(extensionData) }]
      : [],
  );
}

function findOwn(
  welcome: Welcome,
  secrets: (ref: Bytes) => Bytes | undefined,
  identity: ClientIdentity,
): { own: OwnKeyPackage; ref: Bytes } {
  for (const { newMember } of welcome.secrets) {
    const ref = copyBytes(newMember);
    const secret = secrets(ref);
    if (secret !== undefined) return { own: decodeSecret(secret, identity), ref };
  }
  throw broken("welcomeOther", "invalidMessage");
}

/** Looked at before the library joins: it would take a tree that is inside, and resume from PSKs. */
async function openGroupInfo(
  cs: CiphersuiteImpl,
  welcome: Welcome,
  own: OwnKeyPackage,
  ref: Bytes,
): Promise<GroupInfo> {
  const code = "invalidMessage";
  const open = async () => {
    const key = await cs.hpke.importPrivateKey(own.privatePackage.initPrivateKey);
    const secrets = await decryptGroupSecrets(key, ref, welcome, cs.hpke);
    if (secrets === undefined) return undefined;
    if (secrets.psks.length > 0) throw broken("welcomePsk", code);
    const noPsk = new Uint8Array(cs.kdf.size);
    return decryptGroupInfo(welcome, secrets.joinerSecret, noPsk, cs);
  };
  const groupInfo = await refuseOn(code, open, { other: "welcomeSecrets" });
  if (groupInfo === undefined) throw broken("welcomeSecrets", code);
  if (groupInfo.extensions.some((one) => one.extensionType === "ratchet_tree")) {
    throw broken("welcomeTree", code);
  }
  return groupInfo;
}
