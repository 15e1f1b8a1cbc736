import type { StreamUri } from "@treehouse/protocol";
import { withMore } from "../platform/index.ts";
import type { Connection } from "./connection.ts";

/** A stream with somebody who is up to date. */
export interface LiveStream {
  readonly name: StreamUri;
  /** Every connection here has everything up to this position, written or about to be. */
  position: number;
  connections: Connection[];
}

/** Who is pushed to. A stream is here as long as it has a connection. */
export class LiveStreams {
  readonly #streams = new Map<StreamUri, LiveStream>();

  get(name: StreamUri): LiveStream | undefined {
    return this.#streams.get(name);
  }

  /** The connection has everything up to the position, which is the stream's head. */
  join(connection: Connection, name: StreamUri, position: number): void {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = { name, position, connections: [] };
      this.#streams.set(name, stream);
    }
    stream.connections = withMore(stream.connections, [connection]);
    connection.live = withMore(connection.live, [stream]);
  }

  leave(connection: Connection, stream: LiveStream): void {
    if (!take(connection.live, stream)) return;
    this.#remove(connection, stream);
  }

  /** Leaves all streams; answers which they were. */
  leaveAll(connection: Connection): readonly LiveStream[] {
    const left = connection.live;
    connection.live = [];
    for (const stream of left) this.#remove(connection, stream);
    return left;
  }

  #remove(connection: Connection, stream: LiveStream): void {
    take(stream.connections, connection);
    if (stream.connections.length === 0) this.#streams.delete(stream.name);
  }
}

/** Removes without keeping the order, which means nothing here. */
function take<T>(list: T[], item: T): boolean {
  const at = list.indexOf(item);
  if (at < 0) return false;
  const last = list.pop();
  if (at < list.length && last !== undefined) list[at] = last;
  return true;
}
