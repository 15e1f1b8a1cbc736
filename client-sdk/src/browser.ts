/**
 * The SDK in a browser. The program brings the store's engine (SQLite in WebAssembly) as part of
 * the platform; everything else here needs no more than what every browser has.
 */
import { createNobleCrypto } from "@treehouse/mls/crypto/noble";

import {
  type Client as ClientFace,
  type ClientOptions,
  openClient,
  requestReset,
  type ResetRequest,
} from "./client/index.ts";
import type { Platform } from "./client/index.ts";

export { SdkError } from "./errors/index.ts";
export type { ClientEvents, ConnectionState, FaultCode } from "./events/index.ts";
export { defineContent } from "./messages/index.ts";
export type { AskPasskey, ExternalLogin } from "./account/index.ts";
export type { Platform } from "./client/index.ts";

export type Client = ClientFace;

export const Client = {
  /** As in Node; `platform` brings Env and store. */
  open(options: ClientOptions, platform: Omit<Platform, "crypto">): Promise<ClientFace> {
    const crypto = createNobleCrypto({ random: platform.env.random });
    return openClient({ ...platform, crypto }, options);
  },
  /** As in Node. */
  requestReset: (wanted: ResetRequest, platform: Pick<Platform, "env">): Promise<void> =>
    requestReset(platform, wanted),
};
