import type { Client } from "@treehouse/client-sdk";

const patienceMs = 20_000;

/**
 * Waits until a new client has come into the conversations of its user, so that the next command finds
 * them. A server that is away lets it wait no longer than a while; answers how many are still to come.
 */
export async function enterRooms(client: Client): Promise<number> {
  let wake: () => void = () => undefined;
  let isOver = false;
  const stop = client.on("joined", () => wake());
  const giveUp = setTimeout(() => {
    isOver = true;
    wake();
  }, patienceMs);
  try {
    for (;;) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const coming = await client.conversations.coming();
      if (coming === 0 || isOver) return coming;
      await changed;
    }
  } finally {
    clearTimeout(giveUp);
    stop();
  }
}

/** What is said of those that are still to come. */
export function comingHint(coming: number): string {
  return coming === 0
    ? "It is in all of your conversations."
    : `It is not in ${coming} of your conversations yet; the next command that connects goes on.`;
}
