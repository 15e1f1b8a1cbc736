import { OpenAPIHono, z } from "@hono/zod-openapi";
import { MEDIA_TYPE_PROBLEM, problemSchema } from "@treehouse/protocol";
import type { Route } from "./route.ts";

/** Describes every route, the binary ones too, as OpenAPI 3.1. */
export function describeApi(
  routes: readonly Route[],
  info: { readonly title: string; readonly version: string },
): unknown {
  const app = new OpenAPIHono();
  app.openAPIRegistry.registerComponent("securitySchemes", "session", {
    type: "http",
    scheme: "bearer",
  });
  for (const route of routes) app.openAPIRegistry.registerPath(pathItem(route));
  return app.getOpenAPI31Document({ openapi: "3.1.0", info: { ...info } });
}

function pathItem(route: Route) {
  const { method, path, access, summary, query, headers, body, answer } = route;
  const names = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name = ""]) => name);
  const params = z.object(Object.fromEntries(names.map((name) => [name, z.string()])));
  const content = answer.mediaType && answer.schema;
  const status = "stream" in answer ? 200 : answer.status;
  return {
    method: methods[method],
    path,
    summary,
    ...(access === "open" ? {} : { security: [{ session: [] }] }),
    request: {
      ...(names.length === 0 ? {} : { params }),
      ...(query instanceof z.ZodObject ? { query } : {}),
      ...(headers instanceof z.ZodObject ? { headers } : {}),
      ...(body === undefined
        ? {}
        : { body: { required: true, content: { [body.mediaType]: { schema: body.schema } } } }),
    },
    responses: {
      [status]: {
        description: status === 204 ? "Done" : "The answer",
        ...(content ? { content: { [answer.mediaType ?? ""]: { schema: content } } } : {}),
      },
      default: {
        description: "A refusal (RFC 9457)",
        content: { [MEDIA_TYPE_PROBLEM]: { schema: problemSchema } },
      },
    },
  };
}

const methods = { GET: "get", POST: "post", PUT: "put", DELETE: "delete" } as const;
