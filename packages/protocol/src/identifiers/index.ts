export { formatAddress, parseAddress, userUri } from "./address.ts";
export type {
  AssetUri,
  ClientUri,
  Domain,
  GroupUri,
  RoomUri,
  StreamUri,
  UserUri,
} from "./brands.ts";
export {
  assetUriCodec,
  clientUriCodec,
  domainCodec,
  groupUriCodec,
  roomUriCodec,
  streamUriCodec,
  userUriCodec,
} from "./codecs.ts";
export {
  parseAssetUri,
  parseClientUri,
  parseDomain,
  parseGroupUri,
  parseRoomUri,
  parseStreamUri,
  parseUserUri,
} from "./parse.ts";
export {
  domainOf,
  groupUriOf,
  isRoomStream,
  mintAssetUri,
  mintClientUri,
  mintRoomUri,
  nameOf,
  roomOfGroup,
  userOfClient,
} from "./relations.ts";
