import type { Target } from "../target.ts";
import { argumentsTarget } from "./arguments.ts";
import { contentTarget } from "./content.ts";
import { clientApiTarget, peerApiTarget, socketTarget } from "./endpoints.ts";
import { mediaTarget, stickerTarget } from "./files.ts";
import { importTarget } from "./imports.ts";
import { framingTarget, handshakeTarget, mlsTarget } from "./mls.ts";
import { directoryTarget, requestTarget } from "./peers.ts";
import { roomTarget } from "./rooms.ts";
import { structTarget } from "./structs.ts";
import { textTarget } from "./texts.ts";

/** Everything that reads what others send. */
export const targets: readonly Target[] = [
  mlsTarget,
  framingTarget,
  handshakeTarget,
  structTarget,
  roomTarget,
  contentTarget,
  textTarget,
  requestTarget,
  directoryTarget,
  stickerTarget,
  mediaTarget,
  importTarget,
  argumentsTarget,
  clientApiTarget,
  peerApiTarget,
  socketTarget,
];
