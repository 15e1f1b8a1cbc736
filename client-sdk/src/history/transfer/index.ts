/**
 * History from one client of a user to another, without a password: the asking one is in the user's
 * client list, and so is the one that answers; each signs with the key that the list names.
 */
import type { ClientUri } from "@treehouse/protocol";

import type { HistoryContext } from "../context.ts";
import { cleanUp, giveHistory, isGiving } from "./give.ts";
import { readAsk } from "./notes.ts";
import type { TransferPorts } from "./ports.ts";
import { askForHistory, isAsking, takeGift } from "./take.ts";
import { createSerial } from "../../transport/index.ts";

export type { TransferPorts } from "./ports.ts";

export interface Transfer {
  /** Asks the user's other clients for their history. */
  ask(): Promise<void>;
  /** Others may have noted something, or the connection is there: gives and takes what is due. */
  look(): void;
}

/** Each client waits so much longer than the one before it in the list, so that one answers. */
const turnMs = 10_000;
const retryMs = 60_000;

export function createTransfer(context: HistoryContext, ports: TransferPorts): Transfer {
  const { env, store } = context;
  const serial = createSerial();

  const inBackground = (name: string, work: () => Promise<unknown>): void => {
    serial.run(work).catch((error: unknown) => {
      if (ports.life.aborted) return;
      env.log.warn("history.notTransferred", { error: String(error) });
      ports.later(name, retryMs, look);
    });
  };
  /** What a client asks, if nobody else answers it. */
  const give = async (to: ClientUri): Promise<void> => {
    const asking = ports.listed().find(({ client }) => client === to);
    const { note, gift } = await store.transaction((tx) => ({
      note: ports.ask(tx, to),
      gift: ports.gift(tx, to),
    }));
    const begun = await isGiving(context, to);
    const ask = asking && readAsk(context, asking, note);
    if (ask === undefined) {
      if (begun) await cleanUp(context, ports, to);
      return;
    }
    const isAnswered = gift !== undefined && gift !== null;
    if (begun || !isAnswered) await giveHistory(context, ports, to, ask);
  };
  function look(): void {
    inBackground("take", async () => {
      if (await isAsking(context)) await takeGift(context, ports);
      const others = ports.listed().filter(({ client }) => client !== ports.self.client);
      for (const { client } of others) {
        const [isDue, begun] = await Promise.all([
          store.transaction((tx) => (ports.ask(tx, client) ?? null) !== null),
          isGiving(context, client),
        ]);
        if (begun) await give(client);
        else if (isDue) ports.later(client, turnOf(client) * turnMs, () => due(client));
      }
    });
  }
  const due = (client: ClientUri) => inBackground(client, () => give(client));
  /** How many stand before this client among those that could answer. */
  const turnOf = (asking: ClientUri): number =>
    ports
      .listed()
      .filter(({ client }) => client !== asking)
      .findIndex(({ client }) => client === ports.self.client);
  return {
    ask: () =>
      serial.run(async () => {
        await askForHistory(context, ports);
        await takeGift(context, ports);
      }),
    look,
  };
}
