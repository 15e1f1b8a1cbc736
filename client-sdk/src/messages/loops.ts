/** One loop over messages, and how far it is. */
export type Loop = {
  takes(room: string): boolean;
  /** The serial of the newest message that it has dealt with; what it does not take is passed over. */
  done: number;
};

/**
 * The loops that run over one store. Each gets every message that it takes, at its own pace; a
 * message is handled once all that take it have dealt with it, those that ended left aside.
 */
export class Loops {
  readonly #running = new Set<Loop>();
  /** What one loop has dealt with, and others not yet: room by serial. */
  readonly #waiting = new Map<number, string>();

  begin(takes: Loop["takes"]): Loop {
    const loop = { takes, done: 0 };
    this.#running.add(loop);
    return loop;
  }

  /** Answers the messages that are handled now. */
  finish(loop: Loop, serial: number, room: string): readonly number[] {
    loop.done = serial;
    this.#waiting.set(serial, room);
    return this.#settle();
  }

  /** The same, for a loop that goes on no more. */
  end(loop: Loop): readonly number[] {
    this.#running.delete(loop);
    return this.#settle();
  }

  #settle(): readonly number[] {
    const settled = [...this.#waiting]
      .filter(([serial, room]) =>
        [...this.#running].every((loop) => !loop.takes(room) || loop.done >= serial),
      )
      .map(([serial]) => serial);
    for (const serial of settled) this.#waiting.delete(serial);
    return settled;
  }
}
