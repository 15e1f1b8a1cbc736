import type { Bytes } from "@treehouse/protocol";

import type { PublicState } from "../validity/index.ts";
import type { PublicGroup } from "./face.ts";

/** The public state of a group with the last GroupInfo that a committer signed. */
export type Tracked = { state: PublicState; groupInfo: Bytes };

/** Wraps the state after a step. */
export type Make = (next: Tracked) => PublicGroup;
