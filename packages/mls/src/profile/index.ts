/** The choices that RFC 9420 leaves open, made once for every group of Treehouse. */
export { clientConfig } from "./client-config.ts";
export { groupExtensions, hubExtension, readGroupExtensions } from "./group-extensions.ts";
export type { GroupProfile } from "./group-extensions.ts";
export {
  DICTIONARY_EXTENSION,
  EXTERNAL_SENDERS,
  LAST_RESORT_EXTENSION,
  leafCapabilities,
  SUITE,
} from "./constants.ts";
