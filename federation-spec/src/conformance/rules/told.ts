import { serverAnswerSchema, LIMITS } from "@treehouse/protocol";
import type { LimitName } from "@treehouse/protocol";
import { agree, Missing } from "../outcome.ts";
import { rule, unseen } from "../rule.ts";
import type { Rule } from "../rule.ts";

/** Bounds of what is sent, which are the same everywhere. */
const structBounds: readonly LimitName[] = [
  "handshakeBytesMax",
  "applicationMessageBytesMax",
  "proposalsPerCommitMax",
  "welcomeBytesMax",
  "groupInfoBytesMax",
  "treeLeavesMax",
  "ratchetTreeBytesMax",
  "keyPackageBytesMax",
  "clientsPerUserMax",
  "clientListBytesMax",
  "entryBytesMax",
  "batchItemsMax",
  "batchBytesMax",
  "batchItemBytesMax",
  "batchHeadsMax",
  "submissionBytesMax",
  "eventsPerPageMax",
  "consentNoteBytesMax",
];

/** What is only told, or cannot be seen at all. */
export const toldRules: readonly Rule[] = [
  rule("FED-601", "bounds of structs are the same everywhere", {
    "the server advertises them": async ({ subject }) => {
      const { clients } = subject;
      const headers = [["host", clients.host]] as const;
      const answer = await clients.send({ method: "GET", path: "/v1/server", headers });
      const parsed = serverAnswerSchema.safeParse(answer.json);
      if (!parsed.success) throw new Missing("the server has no page that tells its limits");
      const { limits } = parsed.data;
      for (const name of structBounds) agree(name, limits[name], LIMITS[name]);
    },
  }),
  unseen(
    "FED-914",
    "a server may prove itself by a certificate instead",
    "the suite signs its requests and has no certificates",
  ),
  unseen(
    "FED-959",
    "a server that was set back has new incarnations, and gives no old KeyPackages",
    "only its operator can put a backup back",
  ),
];
