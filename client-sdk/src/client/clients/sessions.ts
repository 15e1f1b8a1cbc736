import { paths, sessionsAnswerSchema, sessionsEndedAnswerSchema } from "@treehouse/protocol";

import type { Api } from "../../transport/index.ts";
import { guarded } from "../guarded.ts";

/** Who is logged in to the account. Times are milliseconds since the Unix epoch. */
export type SessionInfo = {
  readonly id: string;
  /** The client whose session it is. */
  readonly client: string;
  /** What that client calls itself. */
  readonly clientName: string | undefined;
  readonly createdAt: number;
  /** Of its last use, to the hour. */
  readonly usedAt: number;
  /** When it ends unless it is used. */
  readonly expiresAt: number;
  /** The session of this client. */
  readonly current: boolean;
};

export interface ClientSessions {
  /** Newest first. */
  list(): Promise<readonly SessionInfo[]>;
  /** Ends one at once, with its connections. Refuses `notFound`. */
  revoke(id: string): Promise<void>;
  /** Ends all but the own one; answers how many there were. */
  revokeOthers(): Promise<number>;
}

export function createSessions(api: Api): ClientSessions {
  return {
    list: () =>
      guarded(async () => {
        const { sessions } = await api.json("GET", paths.sessions(), sessionsAnswerSchema);
        return sessions.map((session) => ({ ...session, clientName: session.clientName }));
      }),
    revoke: (id) => guarded(() => api.done("DELETE", paths.sessionOf(id))),
    revokeOthers: () =>
      guarded(async () => {
        const answer = await api.json("DELETE", paths.sessions(), sessionsEndedAnswerSchema);
        return answer.ended;
      }),
  };
}
