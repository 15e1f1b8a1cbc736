export { formatAddress, parseAddress, userUri } from "./address.ts";
export type { ClientUri, Domain, GroupUri, RoomUri, StreamUri, UserUri } from "./brands.ts";
export {
  clientUriCodec,
  domainCodec,
  groupUriCodec,
  roomUriCodec,
  streamUriCodec,
  userUriCodec,
} from "./codecs.ts";
export {
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
  mintClientUri,
  mintRoomUri,
  nameOf,
  roomOfGroup,
  userOfClient,
} from "./relations.ts";
