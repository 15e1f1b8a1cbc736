import { Refusal, type RoomUri } from "@treehouse/protocol";

import { foldersOf, newFolderId, placeOf, writeFolder } from "../../account/index.ts";
import type { LocalTx, Unread } from "../../storage/index.ts";
import type { ConversationParts } from "../conversation/index.ts";
import { guarded } from "../guarded.ts";
import { folderNamed, limitExceeded, unreadIn, checkText } from "../account/index.ts";

export type FolderInfo = {
  readonly id: string;
  readonly name: string;
  readonly conversations: readonly RoomUri[];
  /** In all of them together: messages where they are not muted, and mentions everywhere. */
  readonly unread: Unread;
};

/** Folders of conversations, in an order of the user's own; each conversation may be in several. */
export interface ClientFolders {
  list(): Promise<readonly FolderInfo[]>;
  create(name: string): Promise<FolderInfo>;
  /** Gives it another name, or a place before another one; both by id or name. Refuses `notFound`. */
  change(
    reference: string,
    change: { readonly name?: string; readonly before?: string },
  ): Promise<FolderInfo>;
  /** What was in it stays where else it is. */
  delete(reference: string): Promise<void>;
}

const foldersMax = 100;

export function createFolders({ chosen, session, store }: ConversationParts): ClientFolders {
  const describe = (tx: LocalTx, id: string): FolderInfo => {
    const folder = foldersOf(tx).find((one) => one.id === id);
    if (folder === undefined) throw new Refusal("notFound", "there is no such folder");
    const conversations = tx.rooms
      .list()
      .map(({ room }) => room)
      .filter((room) => placeOf(tx, room).folders.includes(id));
    const { name } = folder;
    return { id, name, conversations, unread: unreadIn(tx, conversations, chosen.now()) };
  };
  const write = <T>(run: (tx: LocalTx, at: number) => T): Promise<T> =>
    guarded(async () => {
      const result = await store.transaction((tx) => run(tx, chosen.now()));
      await chosen.push();
      return result;
    });
  return {
    list: () =>
      guarded(() => store.transaction((tx) => foldersOf(tx).map(({ id }) => describe(tx, id)))),
    create: (name) =>
      write((tx, at) => {
        checkName(name);
        const folders = foldersOf(tx);
        if (folders.length >= foldersMax) {
          throw limitExceeded("foldersMax", foldersMax, `there are at most ${foldersMax} folders`);
        }
        const id = newFolderId(session.random);
        const order = (folders.at(-1)?.order ?? 0) + 1;
        writeFolder(tx, id, { folder: { name, order }, at });
        return describe(tx, id);
      }),
    change: (reference, { name, before }) =>
      write((tx, at) => {
        const id = folderNamed(tx, reference);
        const others = foldersOf(tx).filter((one) => one.id !== id);
        const known = foldersOf(tx).find((one) => one.id === id);
        if (known === undefined) throw new Refusal("notFound", "there is no such folder");
        if (name !== undefined) checkName(name);
        const folder = { name: name ?? known.name, order: known.order };
        if (before === undefined) {
          writeFolder(tx, id, { folder, at });
          return describe(tx, id);
        }
        const next = folderNamed(tx, before);
        const index = others.findIndex((one) => one.id === next);
        if (index === -1) throw new Refusal("malformed", "a folder does not stand before itself");
        // There are few: all are numbered anew.
        for (const [place, one] of others.entries()) {
          const order = place < index ? place + 1 : place + 2;
          if (order !== one.order)
            writeFolder(tx, one.id, { folder: { name: one.name, order }, at });
        }
        writeFolder(tx, id, { folder: { ...folder, order: index + 1 }, at });
        return describe(tx, id);
      }),
    delete: (reference) =>
      write((tx, at) => writeFolder(tx, folderNamed(tx, reference), { folder: undefined, at })),
  };
}

function checkName(name: string): void {
  checkText(name);
  if (name.trim() === "") throw new Refusal("malformed", "a folder has a name");
}
