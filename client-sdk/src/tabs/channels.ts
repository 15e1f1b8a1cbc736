import type { Channel, Shout } from "./wire.ts";

/** The channel on which everybody with the same store is heard. */
export interface Street {
  shout(shout: Shout): void;
  listen(hear: (shout: Shout) => void): void;
  close(): void;
}

/** Channels and locks of one store, in this browser and this origin. */
export interface Place {
  street(): Street;
  /** The channel between one tab and whoever leads. */
  channel(tab: string): Channel;
  /**
   * Resolves once the lock is held; `release` lets go of it. Whoever dies lets go by that alone.
   * Rejects when the signal is aborted before.
   */
  lock(name: string, signal?: AbortSignal): Promise<() => void>;
}

export function createPlace(store: string): Place {
  const name = `treehouse/${store}`;
  return {
    street() {
      const channel = new BroadcastChannel(name);
      return {
        shout: (shout) => channel.postMessage(shout),
        listen: (hear) => listenTo(channel, hear),
        close: () => channel.close(),
      };
    },
    channel(tab) {
      const channel = new BroadcastChannel(`${name}/${tab}`);
      let closed = false;
      return {
        // Whoever was called may answer after the other one has gone.
        post: (frame) => void (closed || channel.postMessage(frame)),
        listen: (hear) => listenTo(channel, hear),
        close() {
          closed = true;
          channel.close();
        },
      };
    },
    lock(what, signal) {
      return new Promise((resolve, reject) => {
        navigator.locks
          .request(`${name}/${what}`, signal === undefined ? {} : { signal }, () => {
            return new Promise<void>((release) => resolve(release));
          })
          .catch(reject);
      });
    },
  };
}

/** What is heard comes from pages of the same origin and, by `wireVersion`, of the same release. */
function listenTo(
  channel: InstanceType<typeof BroadcastChannel>,
  hear: (heard: never) => void,
): void {
  channel.addEventListener("message", (event) => {
    Reflect.apply(hear, undefined, [Reflect.get(event, "data")]);
  });
}
