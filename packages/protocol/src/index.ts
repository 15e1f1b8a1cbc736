export {
  concatBytes,
  copyBytes,
  equalBytes,
  fromBase64Url,
  fromHex,
  sha256,
  toBase64Url,
  toHex,
  utf8Decode,
  utf8Encode,
} from "./bytes/index.ts";
export type { Bytes, Hash } from "./bytes/index.ts";
export {
  checked,
  codec,
  constant,
  enumeration,
  fixed,
  flags,
  malformed,
  opaque,
  optional,
  Reader,
  struct,
  u16,
  u32,
  u64,
  u8,
  utf8,
  variant,
  VARINT_MAX,
  varintLength,
  vector,
  Writer,
} from "./codec/index.ts";
export type { Codec, CodecValue, Sharing } from "./codec/index.ts";
export { NetworkFault } from "./env/index.ts";
export type {
  Cancel,
  Counter,
  Env,
  Gauge,
  Histogram,
  HistogramOptions,
  HttpRequest,
  HttpResponse,
  Log,
  LogFields,
  MetricLabels,
  Metrics,
  NetworkFaultReason,
  SocketEvents,
  SocketHandle,
} from "./env/index.ts";
export {
  clientUriCodec,
  domainCodec,
  domainOf,
  formatAddress,
  groupUriCodec,
  groupUriOf,
  isRoomStream,
  mintClientUri,
  mintRoomUri,
  nameOf,
  parseAddress,
  parseClientUri,
  parseDomain,
  parseGroupUri,
  parseRoomUri,
  parseStreamUri,
  parseUserUri,
  roomOfGroup,
  roomUriCodec,
  streamUriCodec,
  userOfClient,
  userUri,
  userUriCodec,
} from "./identifiers/index.ts";
export type {
  ClientUri,
  Domain,
  GroupUri,
  RoomUri,
  StreamUri,
  UserUri,
} from "./identifiers/index.ts";
export { LABEL_PREFIX, labelledHash, LABELS, signedBytes } from "./labels/index.ts";
export type { Label } from "./labels/index.ts";
export { limitNames, LIMITS, RATE_LIMITS, rateLimitNames } from "./limits.ts";
export type { LimitName, RateLimitName, RateRule } from "./limits.ts";
export {
  isRefusalCode,
  MEDIA_TYPE_PROBLEM,
  parseProblem,
  problemOf,
  problemSchema,
  refusalTable,
  Refusal,
} from "./refusals/index.ts";
export type { Problem, RefusalCode, RefusalData } from "./refusals/index.ts";
