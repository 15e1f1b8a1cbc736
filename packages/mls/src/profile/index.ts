/** The choices that RFC 9420 leaves open, made once for every group of Treehouse. */
export { clientConfig } from "./clientConfig.ts";
export { groupExtensions, readGroupExtensions } from "./groupExtensions.ts";
export type { GroupProfile } from "./groupExtensions.ts";
export {
  DICTIONARY_EXTENSION,
  LAST_RESORT_EXTENSION,
  leafCapabilities,
  SUITE,
} from "./constants.ts";
