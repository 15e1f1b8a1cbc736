import { readdirSync, readFileSync } from "node:fs";
import type { HandshakeRule } from "@treehouse/protocol";
import { handshakeRules } from "@treehouse/protocol";
import { expect, test } from "vitest";

/** Rules without a row, and why. */
const notShown: Partial<Record<HandshakeRule, string>> = {
  senderStated: "no octets decode to two senders",
  keyPackageVersion: "no octets decode to a KeyPackage of another version",
  leafCount: "only a group of 5,000 leaves can break it",
  ownRemoval: "the library and our own reading of the proposals would have to differ",
  nextEpoch: "the library and our own reading of the commit would have to differ",
  hubTerm: "flows/hub-change.test.ts",
  hubConsent: "flows/hub-change.test.ts",
  hubConsentOver: "flows/hub-change.test.ts",
  hubNamed: "flows/hub-change.test.ts",
};

/** `costs.ts` only names rules. */
const notRows = new Set(["complete.test.ts", "costs.ts"]);

test("T-16 FED-995 every rule has a row in the matrix, or a reason to have none", () => {
  const folder = new URL(".", import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith(".ts") && !notRows.has(file));
  expect(files.length).toBeGreaterThan(8);
  const source = files.map((file) => readFileSync(new URL(file, folder), "utf8")).join("\n");
  const missing = Object.keys(handshakeRules).filter((rule) => !source.includes(`"${rule}"`));
  expect(missing.toSorted()).toEqual(Object.keys(notShown).toSorted());
});
