import type {
  Client,
  ClientEvents,
  Conversation,
  ConversationInfo,
  Message,
} from "../../src/node.ts";

/** Resolves with the next value of an event that fits. Ask before what causes it. */
export function next<K extends keyof ClientEvents>(
  client: Client,
  name: K,
  fits: (value: ClientEvents[K]) => boolean = () => true,
): Promise<ClientEvents[K]> {
  return new Promise((resolve) => {
    const stop = client.on(name, (value) => {
      if (!fits(value)) return;
      stop();
      resolve(value);
    });
  });
}

/** The conversation once this client is in it. */
export async function joinedBy(client: Client, id: string): Promise<Conversation> {
  const coming = next(client, "joined", ({ room }) => room === id);
  const known = await client.conversations.list();
  if (!known.some((one) => one.id === id && one.status === "joined")) await coming;
  return client.conversations.get(id);
}

/** Asks again whenever something happened to the client, until it holds; never by the clock. */
export async function until(client: Client, holds: () => Promise<boolean>): Promise<void> {
  const names = [
    "stored",
    "membership",
    "removed",
    "joined",
    "named",
    "state",
    "fault",
    "contact",
    "profile",
  ] as const;
  let wake: () => void = () => undefined;
  const stops = names.map((name) => client.on(name, () => wake()));
  try {
    for (;;) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (await holds()) return;
      await changed;
    }
  } finally {
    for (const stop of stops) stop();
  }
}

export async function textsIn(conversation: Conversation): Promise<readonly string[]> {
  const items = await conversation.history({ limit: 10_000 });
  return items.filter((item) => item.kind === "message").map((item) => item.text);
}

/** Resolves once the client's copy of the conversation has this text. */
export function reads(client: Client, id: string, text: string): Promise<void> {
  return until(client, async () => {
    const known = (await client.conversations.list()).some((one) => one.id === id);
    return known && (await textsIn(await client.conversations.get(id))).includes(text);
  });
}

/**
 * Acts again and again until it has happened: what is ephemeral may be lost on its way, on a machine
 * that is busy with other things.
 */
export async function persist<T>(event: Promise<T>, act: () => Promise<unknown>): Promise<T> {
  const happened: T[] = [];
  void event.then((value) => happened.push(value));
  while (happened.length === 0) await act();
  return event;
}

/** Everything of one name that a client tells from here on. */
export function heard<K extends keyof ClientEvents>(
  client: Client,
  name: K,
): readonly ClientEvents[K][] {
  const values: ClientEvents[K][] = [];
  client.on(name, (value) => values.push(value));
  return values;
}

/** A new conversation, as its founder and each of the others has it. */
export async function founded(
  founder: Client,
  name: string,
  others: readonly Client[],
): Promise<readonly Conversation[]> {
  const members = others.map(({ me }) => me.address);
  const room = await founder.conversations.create({ name, members });
  const joined: Conversation[] = [room];
  for (const other of others) joined.push(await joinedBy(other, room.id));
  return joined;
}

/** A message of a conversation by its id, as this client has it now. */
export async function messageIn(
  conversation: Conversation,
  id: string,
): Promise<Message | undefined> {
  const items = await conversation.history({ limit: 1000 });
  return items
    .flatMap((item) => (item.kind === "message" ? [item] : []))
    .find((one) => one.id === id);
}

/** The same once it is there and fits. */
export async function seen(
  client: Client,
  conversation: Conversation,
  id: string,
  fits: (message: Message) => boolean = () => true,
): Promise<Message> {
  let message: Message | undefined;
  await until(client, async () => {
    message = await messageIn(conversation, id);
    return message !== undefined && fits(message);
  });
  if (message === undefined) throw new Error("it never came");
  return message;
}

/**
 * What the members say of a conversation once all of them are in one epoch of one group; never, if they
 * are of different groups. Who has caught up may have the others' next commit still before it: whoever
 * comes in anew, and whoever sees it, may commit something of its own.
 */
export async function agreed(
  seats: readonly (readonly [Client, Conversation])[],
): Promise<readonly ConversationInfo[]> {
  for (;;) {
    await Promise.all(seats.map(([client]) => client.caughtUp()));
    const infos = await Promise.all(seats.map(([, room]) => room.info()));
    if (new Set(infos.map(({ epochAuthenticator }) => epochAuthenticator)).size === 1) return infos;
  }
}
