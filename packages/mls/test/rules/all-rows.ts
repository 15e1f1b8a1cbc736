import type { CommitRow } from "./commit-rows.ts";
import { elementRows } from "./elements.ts";
import { framingRows, removalRows } from "./framing.ts";
import { additionRows } from "./key-packages.ts";
import { pathRows } from "./paths.ts";
import { externalRows, listRows, stateRows } from "./proposals.ts";

/** Every commit of the matrix. */
export const commitRows: readonly CommitRow[] = [
  ...framingRows,
  ...elementRows,
  ...removalRows,
  ...listRows,
  ...stateRows,
  ...externalRows,
  ...additionRows,
  ...pathRows,
];
