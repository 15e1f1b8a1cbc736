/** One tab's end: the face of a client that runs in some tab's worker. */

import type { Client, ClientOptions } from "../client/index.ts";
import { SdkError } from "../errors/index.ts";
import { type ClientEvents, createEvents } from "../events/index.ts";
import type { Message, MessagesOptions } from "../messages/index.ts";
import type { Place } from "./channels.ts";
import { createEndpoint, type Sent } from "./endpoint.ts";
import { interrupted } from "./errors.ts";
import type { Arrival } from "./host.ts";
import { resuming } from "./resuming.ts";
import { type Callee, type Frame, wireVersion } from "./wire.ts";

export type TabParts = {
  readonly place: Place;
  readonly random: (length: number) => Uint8Array;
  readonly soon: (run: () => void) => void;
  /** Runs a host in this tab's worker. */
  lead(): Promise<Leading>;
};

export interface Leading {
  /** Resolves when the client is closed. */
  close(): Promise<void>;
  /** Never resolves; rejects when the worker cannot work. */
  readonly failed: Promise<never>;
}

/**
 * Opens the client of a store in this tab: with this tab's worker where nobody else has it open, and
 * otherwise with the worker of whoever has. Throws `SdkError`.
 */
export async function openInTab(parts: TabParts, options: ClientOptions): Promise<Client> {
  const { place } = parts;
  const tab = [...parts.random(16)].map((octet) => octet.toString(16).padStart(2, "0")).join("");
  const stay = await place.lock(`tab/${tab}`);
  const events = createEvents<ClientEvents>();
  const street = place.street();
  const channel = place.channel(tab);
  const life = new AbortController();
  /** With what the client is opened again when another tab's worker takes over. */
  let wanted = options;
  let host: string | undefined;
  let opened = false;
  let ready = Promise.withResolvers<void>();
  /** The last worker that took over could not open the store. */
  let failed = false;
  const early: (() => void)[] = [];

  const endpoint = createEndpoint({
    channel,
    random: parts.random,
    resolve: () => Promise.reject(new TypeError("a tab has nothing but what it hands over")),
    ready(callee) {
      if (callee.kind === "open") return Promise.resolve();
      if (failed && !life.signal.aborted) void comeBack([]);
      return ready.promise;
    },
  });
  // Nobody waits for it before the first call.
  ready.promise.catch(() => undefined);

  const open = (arrival: Arrival) => endpoint.call({ kind: "open" }, [wanted, arrival]);

  /** Another host leads: what its predecessor had not taken is for it; the rest ends here. */
  const moveTo = async (next: string) => {
    const returns = opened;
    host = next;
    const before = endpoint.waiting();
    for (const call of before) {
      if (call.callee.kind === "open" && opened) endpoint.fail(call, interrupted());
      else if (call.callee.kind === "open") endpoint.repeat(call);
      else if (call.taken || call.callee.kind === "handle") endpoint.fail(call, interrupted());
    }
    if (returns) await comeBack(before);
  };

  /** Opens the client once more, and sends what nobody had taken. What fails is tried again by the next call. */
  const comeBack = async (unsent: readonly Sent[]) => {
    const mine = Promise.withResolvers<void>();
    mine.promise.catch(() => undefined);
    ready = mine;
    failed = false;
    const at = host;
    try {
      await open({ returns: true });
      for (const call of endpoint.waiting()) {
        if (unsent.includes(call) && !call.taken) endpoint.repeat(call);
      }
      mine.resolve();
    } catch (error) {
      // Yet another one has taken over meanwhile, and has its own try.
      if (host !== at) return mine.resolve(ready.promise);
      mine.reject(error);
      failed = true;
      for (const call of endpoint.waiting()) endpoint.fail(call, error);
    }
  };

  const hear = (frame: Frame) => {
    if (life.signal.aborted || endpoint.hear(frame)) return;
    if (frame.type === "event") {
      const emit = () => emitWire(events, frame.name, frame.value);
      if (opened) emit();
      else early.push(emit);
    }
    if (frame.type !== "welcome" || frame.host === host) return;
    if (frame.version === wireVersion) void moveTo(frame.host);
    else for (const call of endpoint.waiting()) endpoint.fail(call, otherRelease());
  };
  channel.listen(hear);
  street.listen((shout) => {
    if (shout.type === "leading") street.shout({ type: "here", tab });
  });

  const leading = lead(parts, life.signal);
  const leave = async () => {
    life.abort();
    channel.post({ type: "leaving" });
    const closed = closedFault();
    for (const call of endpoint.waiting()) endpoint.fail(call, closed);
    ready.reject(closed);
    ready = Promise.withResolvers();
    ready.promise.catch(() => undefined);
    ready.reject(closed);
    endpoint.close();
    street.close();
    channel.close();
    try {
      await leading.leave();
    } finally {
      stay();
    }
  };

  leading.failed.catch((error: unknown) => {
    for (const call of endpoint.waiting()) endpoint.fail(call, error);
  });

  const first = open({ returns: false });
  street.shout({ type: "here", tab });
  try {
    const remote = await first;
    ready.resolve();
    wanted = again(options);
    return faceOf(remote);
  } catch (error) {
    await leave();
    throw error;
  }

  /** What has to be of this tab; the rest is the worker's. */
  function faceOf(remote: unknown): Client {
    if (!isClient(remote)) throw new TypeError("the worker answered with no client");
    let closing: Promise<void> | undefined;
    const close = () => (closing ??= leave());
    const call = (callee: Callee, ...args: readonly unknown[]) => endpoint.call(callee, args);
    const begin = (wish: MessagesOptions | undefined) => async () => {
      const loop = await call({ kind: "client", path: ["messages"] }, wish ?? {});
      if (!isLoop(loop)) throw new TypeError("the worker answered with nothing to loop over");
      return loop;
    };
    opened = true;
    parts.soon(() => {
      for (const emit of early.splice(0)) emit();
    });
    return {
      ...remote,
      messages: (wish) => resuming(begin(wish), isSameMessage),
      on: (name, listener) => events.on(name, listener),
      close,
      [Symbol.asyncDispose]: close,
    };
  }
}

/** Waits to lead, and leads. */
function lead({ place, lead: begin }: TabParts, life: AbortSignal) {
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  const leads = (async () => {
    const release = await place.lock("leader", life);
    try {
      const leading = await begin();
      // Another tab may have more luck.
      leading.failed.catch((error: unknown) => {
        failed.reject(error);
        release();
      });
      return { leading, release };
    } catch (error) {
      failed.reject(error);
      release();
      throw error;
    }
  })();
  return {
    failed: failed.promise,
    async leave() {
      const led = await leads.catch(() => undefined);
      try {
        await led?.leading.close();
      } finally {
        led?.release();
      }
    },
  };
}

/** An account is registered, or gets a client, once; passwords are not kept. */
function again({ account, store, server, clientName, offline }: ClientOptions): ClientOptions {
  return {
    account,
    store,
    ...(server === undefined ? {} : { server }),
    ...(clientName === undefined ? {} : { clientName }),
    ...(offline === undefined ? {} : { offline }),
  };
}

function isClient(value: unknown): value is Client {
  return typeof value === "object" && value !== null && "conversations" in value;
}

function isLoop(value: unknown): value is AsyncIterable<Message> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

function isSameMessage(one: Message, other: Message): boolean {
  return one.conversation === other.conversation && one.id === other.id;
}

function emitWire(
  events: ReturnType<typeof createEvents<ClientEvents>>,
  name: string,
  value: unknown,
): void {
  Reflect.apply(events.emit, events, [name, value]);
}

function otherRelease(): SdkError {
  return new SdkError("storeInUse", "another tab runs another release with this store", {
    retryable: true,
    help: "Reload all tabs of the application.",
  });
}

function closedFault(): SdkError {
  return new SdkError("closed", "the client was closed", {
    help: "What was asked for is stored and goes on when the client is opened again.",
  });
}
