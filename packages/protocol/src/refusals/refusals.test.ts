import fc from "fast-check";
import { expect, test } from "vitest";
import { isRefusalCode, parseProblem, problemOf, Refusal, refusalTable } from "./index.ts";
import type { RefusalCode } from "./index.ts";

const codes = Object.keys(refusalTable).filter(isRefusalCode);

test.each(codes)(
  "FED-502 %s has a status, a title and an advice, and survives as a problem",
  (code) => {
    const { status, title, advice } = refusalTable[code];
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(title).not.toBe("");
    expect(advice.endsWith(".")).toBe(true);
    const data = {
      currentEpoch: 7,
      limitName: "x",
      limit: 9,
      retryAfterMs: 5,
      oldest: 3,
      rule: "removeBlank",
    } as const;
    const refusal = new Refusal<RefusalCode>(code, "what happened", { ...data, leaves: [1, 2] });
    const problem: unknown = JSON.parse(JSON.stringify(problemOf(refusal)));
    const parsed = parseProblem(problem);
    expect([parsed.code, parsed.message]).toEqual([code, "what happened"]);
    expect(parsed.data).toEqual({ ...data, leaves: [1, 2] });
    expect(problem).toMatchObject({ type: `urn:treehouse:problem:${code}`, status });
  },
);

test("FED-503 a problem of somebody else becomes the generic refusal of its class", () => {
  expect(parseProblem({ type: "about:blank", title: "Bad Gateway", status: 502 }).code).toBe(
    "internal",
  );
  expect(parseProblem({ type: "urn:treehouse:problem:later", title: "?", status: 422 }).code).toBe(
    "malformed",
  );
  expect(
    parseProblem({ type: "urn:treehouse:problem:toString", title: "?", status: 400 }).code,
  ).toBe("malformed");
});

test("any JSON at all becomes a refusal", () => {
  const property = fc.property(fc.jsonValue(), (json) => {
    expect(parseProblem(json)).toBeInstanceOf(Refusal);
  });
  fc.assert(property);
});
