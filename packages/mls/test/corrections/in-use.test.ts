import { treehousePatch } from "ts-mls/treeHash.js";
import { expect, test } from "vitest";

test("the copy of ts-mls in use is the corrected one", () => {
  expect(treehousePatch).toBe("treehouse-1");
});
