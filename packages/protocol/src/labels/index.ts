export { LABEL_PREFIX, LABELS } from "./labels.ts";
export type { Label } from "./labels.ts";
export { labelledHash, signedBytes } from "./signed-bytes.ts";
