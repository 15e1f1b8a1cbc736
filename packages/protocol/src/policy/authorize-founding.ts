import { equalBytes } from "../bytes/index.ts";
import { ALLOWED, refused, type Verdict } from "./room-change.ts";
import type { RoomView } from "./room-view.ts";
import { sameValue } from "./state-rules.ts";
import { type Founding, template } from "./template.ts";

/**
 * FED-713: whether a room may begin like this: its only leaf is one of the founder's, and its state is the
 * template's, with metadata of the founder's choice. A state may leave out the hub's key; if it
 * names one, it is the hub's.
 */
export function authorizeFounding(view: RoomView, founding: Founding): Verdict {
  const { state, participants } = view;
  const { founder, hubKey } = founding;
  const [only] = participants;
  if (participants.length !== 1 || only?.user !== founder || only.leaves.length !== 1) {
    return refused("notAllowed", "A room begins with one client of its founder.");
  }
  if (state.hubKey !== undefined && !(hubKey !== undefined && equalBytes(state.hubKey, hubKey))) {
    return refused("notAllowed", "The room names another key than its hub's.");
  }
  const begins = { ...founding, hubKey: state.hubKey };
  const peer = state.assignments.find(({ user }) => user !== founder)?.user ?? founder;
  const expected =
    state.template === "direct"
      ? template("direct", { ...begins, peer })
      : template(state.template, begins);
  return sameValue({ ...state, metadata: expected.metadata }, expected)
    ? ALLOWED
    : refused("notAllowed", "A room begins in the state of its template.");
}
