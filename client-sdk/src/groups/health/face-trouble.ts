import { Refusal } from "@treehouse/protocol";

import { type GroupsContext, type Room, isPassing, isSessionOver } from "../room/index.ts";
import { sendReport } from "./report.ts";
import { noteStands, type Trouble } from "./trouble.ts";

/**
 * Has others judge of the commit that this client could not apply, before it comes back by one of its
 * own (FED-1107). Answers for how long to wait; undefined: come back now.
 */
export async function faceTrouble(
  context: GroupsContext,
  room: Room,
  trouble: Trouble,
): Promise<number | undefined> {
  if (trouble.mayReport && !trouble.isReported && !trouble.stands) {
    await report(context, room, trouble);
    trouble.isReported = true;
  }
  if (room.trouble !== trouble) return 0;
  const waitMs = trouble.returnsAt - context.env.monotonic();
  return waitMs > 0 ? waitMs : undefined;
}

/** A commit that the rules forbid: this client says so, and comes back by none of its own. */
export async function faceHalt(context: GroupsContext, room: Room): Promise<"wait"> {
  if (room.trouble !== undefined) await faceTrouble(context, room, room.trouble);
  return "wait";
}

async function report(context: GroupsContext, room: Room, trouble: Trouble): Promise<void> {
  const { position, hash, epoch } = trouble;
  try {
    await sendReport(context, room, { verdict: "fault", position, hash, epoch });
  } catch (error) {
    if (!(error instanceof Refusal) || isPassing(error) || isSessionOver(error)) throw error;
    context.env.log.info("commit.notReported", { code: error.code });
    // Whether it stands or is void, the entries that tell are on their way.
    if (error.code === "wrongEpoch" || error.code === "conflict") return;
    noteStands(context, room, trouble);
  }
}
