import {
  domainOf,
  type Env,
  keyPackagesAnswerSchema,
  NetworkFault,
  paths,
  Refusal,
  serverAnswerSchema,
  sessionAnswerSchema,
  subscriptionsAnswerSchema,
  type UserUri,
} from "@treehouse/protocol";

import { type AccountContext, recoveryStatus } from "../account/index.ts";
import type { ConversationInfo } from "./conversation/index.ts";
import { checkConversations } from "./explain-health.ts";

export type Check = {
  readonly name: string;
  /** The id of the one that it is about. */
  readonly conversation?: string;
  readonly result: "ok" | "warning" | "failed";
  readonly text: string;
  /** What to do about it; empty when all is well. */
  readonly fix: string;
};

const stockLow = 5;
const backlogHigh = 1_000;

/**
 * Looks at everything between this client and its server, and at its conversations as it knows them now.
 * Changes nothing and never throws.
 */
export async function diagnose(
  context: AccountContext,
  {
    env,
    user,
    conversations,
  }: {
    readonly env: Pick<Env, "monotonic">;
    readonly user: UserUri;
    conversations(): Promise<readonly ConversationInfo[]>;
  },
): Promise<readonly Check[]> {
  const { api } = context;
  const checks: Check[] = [];
  let isOther = false;
  const run = async (name: string, look: () => Promise<Omit<Check, "name">>) => {
    // Another server knows nothing of this account, and is not asked for it.
    if (!isOther) checks.push({ name, ...(await look().catch(failure)) });
  };
  await run("server", async () => {
    const before = env.monotonic();
    const server = await api.json("GET", paths.server(), serverAnswerSchema);
    const tookMs = Math.round(env.monotonic() - before);
    if (server.domain !== domainOf(user)) {
      isOther = true;
      return {
        result: "failed",
        text: `the server at ${api.server} is ${server.domain}, not ${domainOf(user)}`,
        fix: "Start the account's own server there, or set its address with `treehouse context server <url>`.",
      };
    }
    return ok(`${server.domain}, version ${server.version}, answered in ${tookMs} ms`);
  });
  await run("session", async () => {
    const session = await api.json("GET", paths.session(), sessionAnswerSchema);
    return ok(`valid until ${new Date(session.expiresAt).toISOString()}`);
  });
  await run("key packages", async () => {
    const { stock, lastResort } = await api.json(
      "GET",
      paths.keyPackages(),
      keyPackagesAnswerSchema,
    );
    if (stock >= stockLow && lastResort) return ok(`${stock} in stock and one of last resort`);
    return {
      result: "warning",
      text: `${stock} in stock, ${lastResort ? "one" : "none"} of last resort`,
      fix: "Open the client once with a connection; it publishes new ones by itself.",
    };
  });
  await run("backlog", async () => {
    const { subscriptions } = await api.json(
      "GET",
      paths.subscriptions(),
      subscriptionsAnswerSchema,
    );
    const waiting = subscriptions.reduce((sum, { head, cursor }) => sum + head - cursor, 0);
    const text = `${waiting} entries wait in ${subscriptions.length} streams`;
    if (waiting < backlogHigh) return ok(text);
    return { result: "warning", text, fix: "Run `treehouse tail` to fetch them." };
  });
  await run("recovery", () => recovery(context));
  try {
    checks.push(...checkConversations(await conversations()));
  } catch (error) {
    checks.push({ name: "conversations", ...failure(error) });
  }
  return checks;
}

/** Whoever has no recovery key hears of it before the password is forgotten. */
async function recovery(context: AccountContext): Promise<Omit<Check, "name">> {
  const { exists, state } = await recoveryStatus(context);
  if (exists && state !== "lost") return ok("there is a recovery key");
  const none = "there is no recovery key: a forgotten password would cost the account's keys";
  return {
    result: "warning",
    text: state === "lost" ? "the server has lost the copy for the recovery key" : none,
    fix: "Make one with `treehouse client recovery create`.",
  };
}

function ok(text: string): Omit<Check, "name"> {
  return { result: "ok", text, fix: "" };
}

function failure(error: unknown): Omit<Check, "name"> {
  if (error instanceof NetworkFault) {
    return { result: "failed", text: error.message, fix: "Start the server or set its address." };
  }
  if (error instanceof Refusal) {
    return { result: "failed", text: error.message, fix: "Log in again." };
  }
  return { result: "failed", text: String(error), fix: "Report this as a bug." };
}
