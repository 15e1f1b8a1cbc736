import fc from "fast-check";
import { expect, test } from "vitest";
import { Assertion } from "../assertion.ts";
import { createLog, errorFields } from "./log.ts";
import { redactAddress } from "./redact.ts";

function capture(run: (log: ReturnType<typeof createLog>) => void): string {
  const lines: string[] = [];
  run(createLog({ level: "debug", write: (line) => lines.push(line) }));
  return lines.join("");
}

const secrets = {
  token: "Zk3vQ0c1mUeX9pLr7TyBn2HsWdGf5AjKo8Ii4RqVtMw",
  key: "9f".repeat(32),
  plaintext: "meet me at the old mill at nine",
  address: "alice@example.org",
  user: "mimi://example.org/u/alice",
  client: "mimi://example.org/d/alice/abcdefghijklmnopqrstuvwxyz",
};
const named = (
  "code reason user client room stream route requestId host kind message body token " +
  "authorization value name detail __proto__"
).split(" ");

test("no token, key, plaintext or full address passes under any field name", () => {
  const output = capture((log) => {
    for (const name of [...named, "error", "stack"]) {
      for (const [kind, secret] of Object.entries(secrets)) {
        // These two hold what `errorFields` makes, and that has no foreign text; see below.
        if (kind === "plaintext" && (name === "error" || name === "stack")) continue;
        log.info("canary", { [name]: secret, count: 7 });
        log.child({ [name]: secret }).error("canary", { [name]: `${secret}!` });
      }
    }
  });
  // The control: what may pass did pass, so the search below looks at real lines.
  expect(output).toContain('"count":7');
  expect(output).toContain('"msg":"canary"');
  for (const secret of Object.values(secrets)) expect(output).not.toContain(secret);
  expect(output).not.toContain("alice");
});

test("codes, routes and numbers are readable", () => {
  const fields = { code: "storageFull", route: "/v1/rooms/{room}/update", count: 3, ok: true };
  const output = capture((log) => log.warn("event", fields));
  expect(JSON.parse(output)).toMatchObject({ ...fields, msg: "event" });
});

test("an error is logged by its names and places, never by foreign words", () => {
  const inner = new TypeError(`cannot parse "${secrets.plaintext}"`);
  const error = new Error(`failed for ${secrets.address}`, { cause: inner });
  const output = capture((log) => log.error("failed", errorFields(error)));
  expect(output).toContain("Error < TypeError");
  expect(output).toContain("log.test.ts:");
  for (const secret of Object.values(secrets)) expect(output).not.toContain(secret);
  expect(errorFields(new Assertion("Two routes."))).toMatchObject({
    error: "Assertion: Two routes.",
  });
});

test("a shortened address keeps its server and tells users apart", () => {
  const alice = redactAddress("mimi://example.org/u/alice");
  expect(alice).toMatch(/^mimi:\/\/example\.org\/u\/#[0-9a-f]{8}$/);
  expect(redactAddress("mimi://example.org/u/bob")).not.toBe(alice);
  expect(redactAddress("alice@example.org")).toMatch(/^#[0-9a-f]{8}@example\.org$/);
  fc.assert(
    fc.property(fc.string({ minLength: 9 }), (text) => {
      expect(redactAddress(text)).not.toContain(text);
    }),
  );
});
