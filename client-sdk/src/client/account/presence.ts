import type { ClientPresence } from "../../presence/index.ts";
import { guarded } from "../guarded.ts";

/** The presence as programs use it: what it throws is an `SdkError`. */
export function createClientPresence(face: ClientPresence): ClientPresence {
  return {
    set: (choice) => guarded(() => face.set(choice)),
    own: () => guarded(() => face.own()),
    active: () => guarded(() => face.active()),
    of: (address) => guarded(() => face.of(address)),
    list: () => guarded(() => face.list()),
  };
}
