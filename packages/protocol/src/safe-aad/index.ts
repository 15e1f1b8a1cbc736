export { componentOf, dictionaryCodec } from "./dictionary.ts";
export type { Component, Dictionary } from "./dictionary.ts";
export {
  decodeSafeAad,
  encodeSafeAad,
  FRANK_AAD_COMPONENT,
  TREEHOUSE_AAD_COMPONENT,
  treehouseAadCodec,
} from "./safe-aad.ts";
export type { SafeAad, TreehouseAad } from "./safe-aad.ts";
export {
  maskSenderLink,
  SENDER_CHAIN_COMPONENT,
  type SenderChain,
  senderChainCodec,
  type SenderLink,
  senderLinkCodec,
  unmaskSenderLink,
} from "./sender-chain.ts";
