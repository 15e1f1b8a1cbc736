import type { RoomHealth } from "../events/index.ts";
import type { ConversationInfo } from "./conversation/index.ts";
import type { Check } from "./diagnose.ts";

/** What a user is told of a conversation's health: what it means, and what can be done about it. */
export type HealthText = {
  readonly text: string;
  /** Empty where nothing is to be done. */
  readonly fix: string;
};

/** In words; undefined of one that is well. */
export function explainHealth({ state, until, reason }: RoomHealth): HealthText | undefined {
  switch (state) {
    case "ok":
      return undefined;
    case "catchingUp":
      return { text: "Some of what was said is still to come.", fix: "" };
    case "checking":
      return {
        text: "A change cannot be applied here; the other members are being asked about it.",
        fix: "Wait: within seconds it is taken back, or this client comes in anew.",
      };
    case "rejoining":
      return {
        text: "This client could not follow the conversation, and comes back in with new keys.",
        fix: "Keep it connected: it does so by itself, and says what it has missed.",
      };
    case "suspended":
      return {
        text: `Nobody could apply a change of yours; ${untilText(until)} none is taken from you.`,
        fix: "Wait; if it happens again, update the program of each of your clients.",
      };
    case "forkSuspected":
      return {
        text: "A message came from another continuation of the conversation than the one here.",
        fix: "Compare its safety number with another member; if it differs, have an owner reset it.",
      };
    case "forked":
      return {
        text: "The server contradicts what it said of the conversation before; nothing more is read.",
        fix: "Tell the other members in another way; the owners can go on at another server.",
      };
    case "paused":
      return {
        text: reason ?? "The conversation has rules that this program does not know.",
        fix: "Update this program.",
      };
    case "refused":
      return {
        text: `The server took a change that the rules forbid, and nothing behind it is read: ${reason}`,
        fix: "Ask the server's operator; an owner can reset the conversation.",
      };
    case "deleted":
      return {
        text: "Somebody has ended the conversation for everybody; what was said stays here.",
        fix: "Forget the conversation to drop it from this store.",
      };
  }
}

function untilText(until: number | undefined): string {
  return until === undefined ? "for a while" : `until ${new Date(until).toISOString()}`;
}

/** What is the same for as long as nobody does anything about it, or nothing is to be done, is no warning. */
const calm: readonly RoomHealth["state"][] = ["catchingUp", "deleted"];

/** A line for each conversation that is not well, or one for all of them. */
export function checkConversations(
  all: readonly Pick<ConversationInfo, "id" | "name" | "ownName" | "status" | "health">[],
): readonly Check[] {
  const lines = all.flatMap(({ id, name, ownName, health }): readonly Check[] => {
    const told = explainHealth(health);
    if (told === undefined) return [];
    const result = calm.includes(health.state) ? "ok" : "warning";
    return [{ name: `conversation ${ownName ?? name}`, conversation: id, result, ...told }];
  });
  if (lines.length > 0) return lines;
  const out = all.filter(({ status }) => status !== "joined").length;
  const others = out === 0 ? "" : `; this client is not in ${out} more (\`treehouse group ls\`)`;
  const text = `all ${all.length - out} are well${others}`;
  return [{ name: "conversations", result: "ok", text, fix: "" }];
}
