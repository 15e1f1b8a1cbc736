import { copyBytes, type SocketEvents, type SocketHandle } from "@treehouse/protocol";

const REFUSED = 1006;
const NORMAL = 1000;

/** One direction's end: what arrives there goes to its events, exactly one `closed` at the end. */
interface End {
  events: SocketEvents | undefined;
  open: boolean;
  buffered: number;
}

/**
 * Connects two ends. Messages arrive in order; what was sent before a close still arrives; after
 * its own close an end hears nothing but `closed`.
 */
export function connectSocket(options: {
  readonly events: SocketEvents;
  readonly accept: (handle: SocketHandle) => SocketEvents | undefined;
  readonly travel: (run: () => void) => void;
}): SocketHandle {
  const { events, accept, travel } = options;
  const client: End = { events, open: true, buffered: 0 };
  const server: End = { events: undefined, open: true, buffered: 0 };
  travel(() => {
    if (!client.open) return;
    server.events = accept(handleOf(server, client, travel));
    if (server.events === undefined) {
      travel(() => finish(client, REFUSED, "refused"));
      return;
    }
    server.events.opened();
    travel(() => {
      if (client.open) client.events?.opened();
    });
  });
  return handleOf(client, server, travel);
}

function handleOf(own: End, other: End, travel: (run: () => void) => void): SocketHandle {
  return {
    send(bytes) {
      if (!own.open) return;
      const copy = copyBytes(bytes);
      own.buffered += copy.length;
      travel(() => {
        own.buffered -= copy.length;
        if (other.open) other.events?.message(copy);
      });
    },
    get bufferedBytes() {
      return own.buffered;
    },
    close(code = NORMAL, reason = "") {
      travel(() => finish(other, code, reason));
      travel(() => finish(own, code, reason));
    },
  };
}

function finish(end: End, code: number, reason: string): void {
  if (!end.open) return;
  end.open = false;
  end.events?.closed(code, reason);
}
