import type { Mutant } from "../../../packages/testkit/src/simulator/mutants/list.ts";

/** What a process must get in its environment to have a bug planted into it. */
export function controlVariables(bug: Omit<Mutant, "name">): Readonly<Record<string, string>> {
  const program = new URL("plant-control.ts", import.meta.url).href;
  return {
    NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} --import=${program}`,
    TREEHOUSE_TORTURE_CONTROL: JSON.stringify(bug),
  };
}

/** SQLite's setting that brings nothing to the disk when a transaction commits. */
export const synchronousNormal: Omit<Mutant, "name"> = {
  file: "homeserver/src/platform/database/open-database.ts",
  find: '["synchronous", "FULL", 2]',
  replace: '["synchronous", "NORMAL", 1]',
};

/** The same in the store of a client. */
export const storeSynchronousNormal: Omit<Mutant, "name"> = {
  file: "client-sdk/src/storage-sqlite/index.ts",
  find: 'wanted === "soon" ? "NORMAL" : "FULL"',
  replace: 'wanted === "soon" ? "NORMAL" : "NORMAL"',
};
