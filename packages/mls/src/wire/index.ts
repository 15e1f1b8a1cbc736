/** The only door through which foreign octets become values of the library. */
export { decodeTree, encodeTree } from "./tree.ts";
export { decodeUntrusted } from "./decode-untrusted.ts";
export { handshakeKind, keyPackageKind, applicationKind } from "./kinds.ts";
export { externalSendersKind } from "./kinds.ts";
export { groupContextKind, groupInfoKind, messageKind, welcomeKind } from "./kinds.ts";
export { broken, exceeded } from "./broken.ts";
export { refuseOn } from "./refuse-on.ts";
export type { LibraryRules } from "./refuse-on.ts";
