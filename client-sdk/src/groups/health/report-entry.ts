import { Refusal, type ReportEntry } from "@treehouse/protocol";

import { type GroupsContext, type Room, loadGroup } from "../room/index.ts";
import { sendReport } from "./report.ts";

const delayPerMemberMs = 100;
const delayMaxMs = 1_500;

/**
 * Somebody could not apply a commit that this client has applied: it says so, unless somebody else
 * was faster, since an honest change must not be undone by two who say that they cannot follow
 * (FED-1107).
 */
export async function noteReport(
  context: GroupsContext,
  room: Room,
  { report: { report } }: ReportEntry,
): Promise<void> {
  const { position, hash, epoch, verdict } = report;
  if (verdict === "applied") {
    room.vouching.cancel();
    return;
  }
  const group = await loadGroup(context, room);
  const applied = room.commits.get(position);
  const members = group.members();
  const reporter = members.find(({ leaf }) => leaf === report.leaf);
  if (applied === undefined || group.epoch <= epoch) return;
  if (applied.committer === context.self.user || reporter?.user === context.self.user) return;
  const before = members.filter(({ leaf }) => leaf < group.ownLeaf).length;
  room.vouching.set(Math.min(delayMaxMs, before * delayPerMemberMs), () => {
    sendReport(context, room, { verdict: "applied", position, hash, epoch }).catch(
      (error: unknown) => {
        const code = error instanceof Refusal ? error.code : String(error);
        context.env.log.debug("commit.notVouchedFor", { code });
      },
    );
  });
}
