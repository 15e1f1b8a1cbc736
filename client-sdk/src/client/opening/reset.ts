import { parseAddress, paths, resetAnswerSchema } from "@treehouse/protocol";

import { toSdkError } from "../../errors/index.ts";
import { type Api, createApi } from "../../transport/index.ts";
import { checkedResetRequest } from "./checked-options.ts";
import { defaultServer } from "./default-server.ts";
import { guarded } from "../guarded.ts";
import type { Platform } from "./platform.ts";

/** Whose account is to come back, and the address that was confirmed as that account's. */
export type ResetRequest = {
  readonly account: string;
  readonly email: string;
  /** By default `https://` and the account's domain. */
  readonly server?: string;
};

/**
 * Has a token mailed. The answer is the same whether there is such an account, and whether that is
 * its address. Refuses `rateLimited` and `unsupported`. Throws `SdkError`.
 */
export async function requestReset(
  { env }: Pick<Platform, "env">,
  wanted: ResetRequest,
): Promise<void> {
  try {
    const { account, email, server } = checkedResetRequest(wanted);
    const user = parseAddress(account);
    const nobody = { token: () => undefined, prove: () => undefined };
    const url = (server ?? defaultServer(user)).replace(/\/+$/, "");
    await createApi(env, url, nobody).done("POST", paths.resetRequest(), { user, address: email });
  } catch (error) {
    throw toSdkError(error);
  }
}

/** What a client can do about a reset of its own account. */
export function createReset(api: Api) {
  return {
    resetWaitsUntil: () =>
      guarded(async () => (await api.json("GET", paths.reset(), resetAnswerSchema)).waitsUntil),
    cancelReset: () => guarded(() => api.done("DELETE", paths.reset())),
  };
}
