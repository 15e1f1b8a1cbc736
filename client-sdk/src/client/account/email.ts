import { emailAnswerSchema, paths } from "@treehouse/protocol";

import type { Api } from "../../transport/index.ts";
import { guarded } from "../guarded.ts";

export type EmailInfo = {
  /** The account's address, shown to be the user's. */
  readonly address: string | undefined;
  /** One that was named and waits for its code. */
  readonly pending: string | undefined;
  /** Whether the server sends mail. */
  readonly available: boolean;
};

/** The account's e-mail address, which the server keeps sealed and shows to nobody else. */
export interface ClientEmail {
  info(): Promise<EmailInfo>;
  /** Has a code mailed to the address. Refuses `unsupported`, `unavailable` and `rateLimited`. */
  set(address: string): Promise<void>;
  /** Makes it the account's. Refuses `factorInvalid`. */
  confirm(code: string): Promise<void>;
  remove(): Promise<void>;
}

export function createEmail(api: Api): ClientEmail {
  return {
    info: () =>
      guarded(async () => {
        const answer = await api.json("GET", paths.email(), emailAnswerSchema);
        return { ...answer, address: answer.address, pending: answer.pending };
      }),
    set: (address) => guarded(() => api.done("POST", paths.email(), { address })),
    confirm: (code) => guarded(() => api.done("POST", paths.emailConfirm(), { code })),
    remove: () => guarded(() => api.done("DELETE", paths.email())),
  };
}
