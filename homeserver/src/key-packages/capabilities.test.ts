import type { Capabilities, RequiredCapabilities } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { fits } from "./capabilities.ts";

const offered: Capabilities = {
  versions: [1],
  ciphersuites: [1],
  extensions: [6, 0xf001],
  proposals: [8],
  credentials: [1],
};

const cases: readonly (readonly [string, Partial<RequiredCapabilities>, boolean])[] = [
  ["nothing", {}, true],
  ["what every leaf supports", { extensions: [1, 5], proposals: [1, 7] }, true],
  ["what is offered", { extensions: [6, 0xf001], proposals: [8], credentials: [1] }, true],
  ["an extension more", { extensions: [6, 7] }, false],
  ["a proposal more", { proposals: [9] }, false],
  ["a credential more", { credentials: [1, 2] }, false],
];

test.each(cases)("a room that requires %s", (_, required, expected) => {
  const none = { extensions: [], proposals: [], credentials: [] };
  expect(fits(offered, { ...none, ...required })).toBe(expected);
});
