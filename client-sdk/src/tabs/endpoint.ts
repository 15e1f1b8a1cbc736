import { SdkError } from "../errors/index.ts";
import { errorFromWire, errorToWire } from "./errors.ts";
import { createHandles, type Handles } from "./handles.ts";
import { createPacker } from "./pack.ts";
import type { Callee, Channel, Frame, Parcel } from "./wire.ts";

/** What a call needs that is sent, and perhaps sent again. */
export type Sent = {
  readonly id: number;
  readonly callee: Callee;
  readonly args: Parcel;
  taken: boolean;
  readonly settle: (frame: Answer) => void;
};
type Answer = Extract<Frame, { readonly type: "answer" | "failure" }>;

/** One end of a channel: calls what the other end has, and lets it call what this end has. */
export interface Endpoint {
  call(callee: Callee, args: readonly unknown[]): Promise<unknown>;
  /** Takes what comes over the channel; answers false for what is no part of a conversation. */
  hear(frame: Frame): boolean;
  /** Calls that wait for their answer. */
  waiting(): readonly Sent[];
  /** Sends a call once more, to whoever listens now. */
  repeat(sent: Sent): void;
  fail(sent: Sent, error: unknown): void;
  /** Ends what the other end was using: iterations, and calls under way. */
  close(): void;
}

export type EndpointParts = {
  readonly channel: Pick<Channel, "post">;
  readonly random: (length: number) => Uint8Array;
  /** Finds what the other end may call beside what was handed over to it. */
  resolve(callee: Callee): Promise<(...args: readonly unknown[]) => unknown>;
  /** A value that the other end is to find again by another way than by reference. */
  nameOf?(value: object): Callee | undefined;
  /** Waits until there is somebody to call. */
  ready?(callee: Callee): Promise<void>;
};

export function createEndpoint(parts: EndpointParts): Endpoint {
  const { channel } = parts;
  const handles: Handles = createHandles(fromOctets(parts.random(6)));
  const sent = new Map<number, Sent>();
  let lastId = 0;

  const send = (callee: Callee, args: Parcel): Promise<Answer> =>
    new Promise((resolve, reject) => {
      lastId += 1;
      const id = lastId;
      sent.set(id, { id, callee, args, taken: false, settle: resolve });
      try {
        channel.post({ type: "call", id, callee, args });
      } catch (error) {
        sent.delete(id);
        reject(uncloneable(error));
      }
    });

  const call = async (callee: Callee, args: readonly unknown[]): Promise<unknown> => {
    const held: number[] = [];
    let keeps = false;
    try {
      const packed = packer.pack([...args], held);
      await parts.ready?.(callee);
      const frame = await send(callee, packed);
      if (frame.type === "failure") throw errorFromWire(frame.error);
      // What comes back may use what was handed over, as a loop does its signal.
      keeps = frame.result.marks.length > 0;
      return packer.unpack(frame.result, () => handles.release(held));
    } finally {
      if (!keeps) handles.release(held);
    }
  };

  const packer = createPacker({
    handles,
    call,
    nameOf: parts.nameOf ?? (() => undefined),
    released: (refs) => channel.post({ type: "release", refs }),
    abort: (ref, reason) =>
      channel.post({ type: "abort", ref, reason: { value: reason, marks: [] } }),
  });

  const serve = async ({ id, callee, args }: Extract<Frame, { readonly type: "call" }>) => {
    channel.post({ type: "taken", id });
    try {
      const run =
        callee.kind === "handle"
          ? handles.find(callee.ref, callee.path)
          : await parts.resolve(callee);
      const list: unknown = packer.unpack(args);
      const result: unknown = await run(...(Array.isArray(list) ? list : []));
      const packed = packer.pack(result);
      if (packed.marks.length === 0) packer.forgetSignals(args);
      channel.post({ type: "answer", id, result: packed });
    } catch (error) {
      packer.forgetSignals(args);
      channel.post({ type: "failure", id, error: errorToWire(error) });
    }
  };

  return {
    call,
    hear(frame) {
      switch (frame.type) {
        case "call":
          void serve(frame);
          return true;
        case "taken": {
          const waiting = sent.get(frame.id);
          if (waiting !== undefined) waiting.taken = true;
          return true;
        }
        case "answer":
        case "failure": {
          const waiting = sent.get(frame.id);
          sent.delete(frame.id);
          waiting?.settle(frame);
          return true;
        }
        case "abort":
          packer.aborted(frame.ref, frame.reason.value);
          return true;
        case "release":
          handles.release(frame.refs);
          return true;
        case "welcome":
        case "event":
        case "leaving":
          return false;
      }
    },
    waiting: () => [...sent.values()],
    repeat({ id, callee, args }) {
      channel.post({ type: "call", id, callee, args });
    },
    fail({ id, settle }, error) {
      sent.delete(id);
      settle({ type: "failure", id, error: errorToWire(error) });
    },
    close: () => handles.close(),
  };
}

function uncloneable(cause: unknown): SdkError {
  return new SdkError("malformed", "a value of this call cannot be handed to another thread", {
    help: "Hand over what the types and the documentation of the call say.",
    cause,
  });
}

function fromOctets(octets: Uint8Array): number {
  return octets.reduce((sum, octet) => sum * 256 + octet, 0);
}
