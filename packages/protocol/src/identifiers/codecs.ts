import { codec } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { LIMITS } from "../limits.ts";
import type {
  AssetUri,
  ClientUri,
  Domain,
  GroupUri,
  RoomUri,
  StreamUri,
  UserUri,
} from "./brands.ts";
import {
  parseAssetUri,
  parseClientUri,
  parseDomain,
  parseGroupUri,
  parseRoomUri,
  parseStreamUri,
  parseUserUri,
} from "./parse.ts";

export const domainCodec: Codec<Domain> = uriCodec(parseDomain);
export const userUriCodec: Codec<UserUri> = uriCodec(parseUserUri);
export const clientUriCodec: Codec<ClientUri> = uriCodec(parseClientUri);
export const roomUriCodec: Codec<RoomUri> = uriCodec(parseRoomUri);
export const groupUriCodec: Codec<GroupUri> = uriCodec(parseGroupUri);
export const streamUriCodec: Codec<StreamUri> = uriCodec(parseStreamUri);
export const assetUriCodec: Codec<AssetUri> = uriCodec(parseAssetUri);

function uriCodec<T extends string>(parse: (text: string) => T): Codec<T> {
  return codec(
    (writer, value) => writer.ascii(value),
    (reader) => parse(reader.ascii(LIMITS.uriBytesMax)),
  );
}
