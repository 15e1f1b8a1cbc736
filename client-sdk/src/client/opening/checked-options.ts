import { z } from "zod";

import { checkedInput, input } from "../checking/index.ts";
import type { ClientOptions } from "./options.ts";
import type { ResetRequest } from "./reset.ts";

const { callback, flag, name, octets, text } = input;

/** Where a server is, as `fetch` takes it. */
const server = text.refine(isAddress, "is no address such as https://example.org");

const optionsForm = z.looseObject({
  account: text,
  password: text.optional(),
  recoveryKey: text.optional(),
  approval: z.looseObject({ kind: z.enum(["code", "qr"]), show: callback }).optional(),
  secondFactor: z.union([text, callback]).optional(),
  external: z.looseObject({ redirectUri: text, visit: callback }).optional(),
  passkey: callback.optional(),
  register: z.looseObject({ invite: text.optional() }).optional(),
  reset: z.looseObject({ token: text }).optional(),
  store: name.refine((one) => !one.includes("\0"), "is no name of a file"),
  storeKey: octets.optional(),
  server: server.optional(),
  clientName: text.optional(),
  login: flag.optional(),
  offline: flag.optional(),
});

/** What opens a client, in the form in which it is asked for. Throws `SdkError`. */
export function checkedOptions<T extends ClientOptions>(options: T): T {
  checkedInput("options", optionsForm, options);
  return options;
}

const resetForm = z.looseObject({ account: text, email: text, server: server.optional() });

/** The same for the request of a reset. */
export function checkedResetRequest(wanted: ResetRequest): ResetRequest {
  checkedInput("request", resetForm, wanted);
  return wanted;
}

function isAddress(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && /^https?:$/.test(url.protocol);
}
