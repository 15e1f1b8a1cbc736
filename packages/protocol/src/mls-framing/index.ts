export { checkUpdateFraming } from "./check-update-framing.ts";
export type { UpdateFraming } from "./check-update-framing.ts";
export { peekMlsMessage } from "./peek-mls-message.ts";
export type { ContentType, FramingSender, MlsFraming } from "./peek-mls-message.ts";
