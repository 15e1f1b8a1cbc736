/** One connected client of a server under load. */
export interface Peer {
  /** Sends into a room; `request` comes back with the acceptance. */
  send(room: number, request: number, payload: Uint8Array<ArrayBuffer>): void;
  /** Hands what was gathered to the socket; called once a turn. */
  flush(): void;
  close(): void;
}

export type PeerEvents = {
  accepted(request: number): void;
  /** The last octets of a delivered message: 8 of number, 8 of time. */
  delivered(tail: DataView): void;
};

/** Servers under load, with rooms made beforehand: homeservers, or the bare ceiling. */
export interface Target {
  readonly name: "homeserver" | "bare" | "xmpp";
  /** Whoever sends a message is given it too. */
  readonly echoes: boolean;
  /** Of the processes that run now: one for each server. */
  pids(): readonly number[];
  readonly pinned: boolean;
  /** Connects member `member` of room `room`. */
  connect(room: number, member: number, events: PeerEvents): Promise<Peer>;
  collect(): Promise<void>;
  /**
   * A fresh process over the same data; connections are gone. `between` may change the folder of its
   * data while no process has it.
   */
  restart(between?: (directory: string) => void): Promise<void>;
  stop(): Promise<void>;
}
