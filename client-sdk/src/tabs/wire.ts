/**
 * What a tab and the worker that serves it say to each other. Both ends speak the same: each may
 * call what the other has named to it.
 */

/** What is called: something of the client's face, of one conversation's, or what was handed over. */
export type Callee =
  | { readonly kind: "open" }
  | { readonly kind: "client"; readonly path: Path }
  | { readonly kind: "conversation"; readonly id: string; readonly path: Path }
  | { readonly kind: "handle"; readonly ref: number; readonly path: Path };

export type Path = readonly string[];

/**
 * A value on its way. What cannot be cloned is told beside it, by its place in it, so that no value
 * can be mistaken for it.
 */
export type Parcel = {
  readonly value: unknown;
  readonly marks: readonly Mark[];
};

export type Mark = { readonly at: Path } & (
  | { readonly kind: "functions"; readonly of: Callee; readonly paths: readonly Path[] }
  | { readonly kind: "iterable" | "stream"; readonly ref: number }
  | { readonly kind: "signal"; readonly ref: number; readonly aborted: boolean }
  | { readonly kind: "error"; readonly error: WireError }
);

/** An error, whose class does not survive a clone. */
export type WireError = {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Of an `SdkError`. */
  readonly sdk?: {
    readonly code: string;
    readonly retryable: boolean;
    readonly help: string;
    readonly data: Readonly<Record<string, unknown>>;
  };
};

/** Between the two ends of one channel. */
export type Frame =
  | {
      readonly type: "call";
      readonly id: number;
      readonly callee: Callee;
      readonly args: Parcel;
    }
  /** Said before a call begins: what was not taken was not begun. */
  | { readonly type: "taken"; readonly id: number }
  | { readonly type: "answer"; readonly id: number; readonly result: Parcel }
  | { readonly type: "failure"; readonly id: number; readonly error: WireError }
  | { readonly type: "abort"; readonly ref: number; readonly reason: Parcel }
  /** What the other end has handed over is needed no more. */
  | { readonly type: "release"; readonly refs: readonly number[] }
  /** The worker greets a tab that has announced itself. */
  | { readonly type: "welcome"; readonly host: string; readonly version: number }
  | { readonly type: "event"; readonly seq: number; readonly name: string; readonly value: unknown }
  | { readonly type: "leaving" };

/** To everybody with the same store. */
export type Shout =
  | { readonly type: "here"; readonly tab: string }
  | { readonly type: "leading"; readonly host: string };

/** Tabs and workers of different releases do not understand each other. */
export const wireVersion = 1;

/** A `BroadcastChannel` or a `MessagePort`, on which only one other end listens. */
export interface Channel {
  post(frame: Frame): void;
  listen(hear: (frame: Frame) => void): void;
  close(): void;
}
