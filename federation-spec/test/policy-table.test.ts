import { readFileSync } from "node:fs";
import { CAPABILITIES, type CapabilityName, roleOf, type RoomView } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { renderPolicyPage } from "../../tools/policy-table.ts";
import {
  acts,
  actors,
  actorsIn,
  isSeenByClientsAlone,
  judge,
  roomOf,
  templates,
} from "../src/policy/index.ts";

test("docs/policy.md has what the engine decides (`npm run format` writes it)", () => {
  expect(readFileSync("docs/policy.md", "utf8")).toBe(renderPolicyPage());
});

test("every act is allowed to somebody and refused to somebody, or says why not", () => {
  const never = acts.filter((act) => !verdicts(act.name).includes("allowed"));
  expect(never.map(({ name }) => name)).toEqual([
    "add a user whose client is below the floor",
    "add a banned user",
    "remove another owner",
    "remove all own clients",
    "ban another owner",
    "ban a member of whom a client stays",
    "make another owner a member",
    "make oneself an owner",
    "send a message while muted",
    "fix the membership",
    "pass over a pending removal",
    "raise it above what clients here know",
    "lower the term",
    "mute another owner",
  ]);
  const always = acts.filter((act) => !verdicts(act.name).some((one) => one !== "allowed"));
  expect(always.map(({ name }) => name)).toEqual([
    "come in with a new client",
    "come back with a client",
    "remove an own client",
  ]);
});

test.each(templates)(
  "in a room of the kind %s nothing is allowed without its capability",
  (kind) => {
    const view = roomOf(kind);
    let tried = 0;
    for (const act of acts) {
      for (const who of actorsIn(kind)) {
        const { capability } = act;
        if (capability === undefined || judge(act, view, actors[who])?.allowed !== true) continue;
        const needed = [capability, ...(alternatives[capability] ?? [])];
        const refused = judge(act, without(view, roleOf(view, actors[who]), needed), actors[who]);
        expect([act.name, who, refused]).toEqual([
          act.name,
          who,
          expect.objectContaining({ allowed: false }),
        ]);
        tried += 1;
      }
    }
    expect(tried).toBeGreaterThan(8);
  },
);

/** By which an act is allowed as well. */
const alternatives: Partial<Record<CapabilityName, readonly CapabilityName[]>> = {
  rekeyRoomMetadata: ["changeRoomMetadata"],
  // Nobody leaves a fixed pair for good.
  removeSelf: ["removeOwnClient"],
};

/** The room in which this role has lost these capabilities. */
function without(view: RoomView, index: number, names: readonly CapabilityName[]): RoomView {
  const lost = names.map((name): number => CAPABILITIES[name]);
  const roles = view.state.roles.map((role) =>
    role.index === index
      ? { ...role, capabilities: role.capabilities.filter((one) => !lost.includes(one)) }
      : role,
  );
  return { ...view, state: { ...view.state, roles } };
}

test("every capability that a server enforces in a handshake or message is tried by an act", () => {
  const tried = new Set<string>(acts.flatMap(({ capability }) => capability ?? []));
  const untried = Object.entries(CAPABILITIES)
    .filter(([name, number]) => !tried.has(name) && !isSeenByClientsAlone(number))
    .map(([name]) => name);
  // The first two are asked of the server outside of commits, and nothing withholds messages.
  expect(untried.toSorted()).toEqual(["acceptKnock", "destroyRoom", "knock", "receiveMessage"]);
});

function verdicts(name: string): readonly string[] {
  return templates.flatMap((kind) =>
    acts
      .filter((act) => act.name === name)
      .flatMap((act) => actorsIn(kind).map((who) => judge(act, roomOf(kind), actors[who])))
      .flatMap((verdict) =>
        verdict === undefined ? [] : verdict.allowed ? "allowed" : verdict.code,
      ),
  );
}
