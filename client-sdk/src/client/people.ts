import {
  type AccountContext,
  type ContactBook,
  lookUp,
  type OwnIdentity,
} from "../account/index.ts";
import type { People } from "../groups/index.ts";

/** Who people are, for the layer of rooms. */
export function peopleOf(context: AccountContext, book: ContactBook, own: OwnIdentity): People {
  return {
    async lookUp(user, options) {
      const { certificate, list, countersigners } = await lookUp(context, user, options);
      const { identityKey, number } = certificate;
      return { identityKey, number, clients: list.clients, countersigners };
    },
    mayAdd: (user) => book.mayAdd(user),
    self: {
      refresh: () => own.refresh(),
      number: () => own.number(),
      clients: () => own.ids(),
    },
  };
}
