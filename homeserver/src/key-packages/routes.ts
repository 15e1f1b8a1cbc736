import { keyPackagesAnswerSchema, keyPackageUploadAnswerSchema, routes } from "@treehouse/protocol";
import { jsonAnswer, route, tlsAnswer, tlsBody } from "../platform/index.ts";
import type { Route } from "../platform/index.ts";
import { answerKeyMaterial } from "./answer-key-material.ts";
import { usableUntil } from "./claim.ts";
import type { KeyPackagesContext } from "./context.ts";
import { upload } from "./upload.ts";

export function keyPackageRoutes(context: KeyPackagesContext): readonly Route[] {
  const { database, env, store } = context;
  return [
    route({
      method: "POST",
      path: routes.keyPackages,
      access: "session",
      summary: "Upload KeyPackages of the session's client",
      body: tlsBody("KeyPackageUpload"),
      answer: jsonAnswer(keyPackageUploadAnswerSchema),
      handle: async ({ session, body }) => {
        const { stored, stock } = await upload(context, session, body);
        return { stored, stock: stock.ordinary };
      },
    }),
    route({
      method: "GET",
      path: routes.keyPackages,
      access: "session",
      summary: "How many KeyPackages of the session's client could be handed out",
      answer: jsonAnswer(keyPackagesAnswerSchema),
      handle: async ({ session }) => {
        const until = usableUntil(env.now());
        const stock = await database.read((tx) => store.stock(tx, session.client, until));
        return { stock: stock.ordinary, lastResort: stock.lastResort > 0 };
      },
    }),
    route({
      method: "POST",
      path: routes.keyMaterial,
      access: "session",
      summary: "Claim one KeyPackage of each client of a user",
      body: tlsBody("KeyMaterialRequest"),
      answer: tlsAnswer("KeyMaterialResponse"),
      handle: ({ session, body }) => answerKeyMaterial(context, session, body),
    }),
  ];
}
