import { LIMITS } from "@treehouse/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Route } from "../../src/platform/index.ts";
import { ask } from "../people/ask.ts";
import type { Answer } from "../people/ask.ts";
import { createPerson } from "../people/person.ts";
import { openSmallServer } from "../people/small-server.ts";
import type { SmallServer } from "../people/small-server.ts";

/** Every endpoint of the two modules, from their own lists: a new one cannot be forgotten. */
function endpointsOf(server: SmallServer): readonly Route[] {
  const routes = [...server.authentication.routes, ...server.keyPackages.routes];
  expect(routes.length).toBeGreaterThan(15);
  return routes;
}

function call(server: SmallServer, route: Route, token?: string, body?: Uint8Array) {
  const mediaType = route.body?.mediaType;
  return ask(server.url, route.path.replaceAll(/\{[a-z]+\}/g, "nothing"), {
    method: route.method,
    token,
    ...(body && mediaType !== undefined ? { raw: { mediaType, body } } : {}),
  });
}

async function enrolAdmin(server: SmallServer): Promise<string> {
  const { session } = await server.authentication.enrol({ ...createPerson("root"), admin: true });
  return session.token;
}

function seen(route: Route, { status, refusal }: Answer): readonly unknown[] {
  return [`${route.method} ${route.path}`, status, refusal?.code];
}

test("every endpoint that needs a session refuses none, a stale one and one too weak", async () => {
  await using server = await openSmallServer();
  const stale = await enrolAdmin(server);
  await ask(server.url, "/v1/session", { method: "DELETE", token: stale });
  const plain = (await server.authentication.enrol(createPerson("bob"))).session.token;
  for (const route of endpointsOf(server).filter(({ access }) => access !== "open")) {
    const name = `${route.method} ${route.path}`;
    const none = await call(server, route, undefined, new Uint8Array(1));
    expect(seen(route, none)).toEqual([name, 401, "notAuthenticated"]);
    const ended = await call(server, route, stale, new Uint8Array(1));
    expect(seen(route, ended)).toEqual([name, 401, "sessionEnded"]);
    if (route.access !== "admin") continue;
    const weak = await call(server, route, plain, new Uint8Array(1));
    expect(seen(route, weak)).toEqual([name, 403, "notAllowed"]);
  }
});

test("every endpoint with a body refuses one that is too large, of another kind or undecodable", async () => {
  await using server = await openSmallServer();
  const token = await enrolAdmin(server);
  for (const route of endpointsOf(server)) {
    const { body } = route;
    if (!body) continue;
    const name = `${route.method} ${route.path}`;
    const huge = await call(server, route, token, new Uint8Array(LIMITS[body.limitName] + 1));
    expect(seen(route, huge)).toEqual([name, 413, "tooLarge"]);
    const raw = { mediaType: "text/plain", body: new Uint8Array(4) };
    const other = await ask(server.url, route.path, { method: route.method, token, raw });
    expect(seen(route, other)).toEqual([name, 415, "unsupportedMediaType"]);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 2, maxLength: 120 }), async (octets) => {
        server.advance(600_000);
        const answer = await call(server, route, token, octets);
        expect(seen(route, answer)).toEqual([name, 400, "malformed"]);
      }),
      { numRuns: 12 },
    );
  }
  const nested = new TextEncoder().encode(`{"name":${"[".repeat(LIMITS.jsonBodyBytesMax - 20)}`);
  const deep = endpointsOf(server).find(({ path }) => path.endsWith("registration/start"));
  if (!deep) throw new Error("there is a registration");
  expect((await call(server, deep, undefined, nested)).refusal?.code).toBe("malformed");
});
