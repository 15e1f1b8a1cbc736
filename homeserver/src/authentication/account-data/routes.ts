import {
  accountDataListSchema,
  accountDataRecordSchema,
  accountDataVersionSchema,
  accountDataWriteSchema,
  fromBase64Url,
  nameOf,
  parseDataSlot,
  Refusal,
  routes,
  toBase64Url,
} from "@treehouse/protocol";
import { jsonAnswer, jsonBody, route } from "../../platform/index.ts";
import type { Route } from "../../platform/index.ts";
import type { AuthenticationContext } from "../context.ts";
import type { AuthenticationLimits } from "../limits.ts";
import { writeAccountData } from "./write.ts";

/** What a user's clients keep at the server for each other, sealed by them. */
export function accountDataRoutes(
  context: AuthenticationContext,
  limits: Pick<AuthenticationLimits, "accountDataPerUser">,
): readonly Route[] {
  const { accountData, database } = context;
  return [
    route({
      method: "GET",
      path: routes.accountData,
      access: "session",
      summary: "The records of the user's account data, without their content",
      answer: jsonAnswer(accountDataListSchema),
      handle: async ({ session }) => {
        limits.accountDataPerUser.take(session.user);
        const owner = nameOf(session.user);
        return { records: [...(await database.read((tx) => accountData.list(tx, owner)))] };
      },
    }),
    route({
      method: "GET",
      path: routes.accountDataRecord,
      access: "session",
      summary: "One record of the user's account data",
      answer: jsonAnswer(accountDataRecordSchema),
      handle: async ({ param, session }) => {
        limits.accountDataPerUser.take(session.user);
        const slot = parseDataSlot(param("slot"));
        const owner = nameOf(session.user);
        const found = await database.read((tx) => accountData.record(tx, owner, slot));
        if (found === undefined) throw new Refusal("notFound", "there is no such record");
        return { ...found, sealed: toBase64Url(found.sealed) };
      },
    }),
    route({
      method: "PUT",
      path: routes.accountDataRecord,
      access: "session",
      summary: "Write a record in the place of a version that is known; 0 is of none",
      body: jsonBody(accountDataWriteSchema),
      answer: jsonAnswer(accountDataVersionSchema),
      handle: async ({ body, param, session }) => {
        limits.accountDataPerUser.take(session.user);
        const version = await writeAccountData(context, session.user, {
          slot: parseDataSlot(param("slot")),
          expectedVersion: body.expectedVersion,
          sealed: fromBase64Url(body.sealed),
        });
        return { version };
      },
    }),
  ];
}
