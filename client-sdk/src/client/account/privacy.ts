import { type Privacy, type PrivacyChange, paths, privacySchema } from "@treehouse/protocol";

import type { Api } from "../../transport/index.ts";
import { guarded } from "../guarded.ts";

/** Who may find this user, ask and add them; the own server enforces it, so it knows. */
export interface ClientPrivacy {
  get(): Promise<Privacy>;
  /** Changes what is named, at once and for all clients; answers what holds then. */
  set(change: PrivacyChange): Promise<Privacy>;
}

export function createClientPrivacy(api: Api): ClientPrivacy {
  return {
    get: () => guarded(() => api.json("GET", paths.privacy(), privacySchema)),
    set: (change) => guarded(() => api.json("PUT", paths.privacy(), privacySchema, change)),
  };
}
