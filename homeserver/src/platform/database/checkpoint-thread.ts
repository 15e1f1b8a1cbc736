/** The thread that copies logs: one for all databases of the process, from the first checkpoint on. */
import { Worker } from "node:worker_threads";

/** Asks for one PASSIVE checkpoint, or to close the connection; each is answered once, in order. */
export interface ThreadMessage {
  /** Which of this process's databases: a number, since a path may be closed and opened again. */
  readonly database: number;
  readonly path: string;
  readonly close: boolean;
}
export type ThreadAnswer = { readonly database: number } & (
  | { readonly rows: unknown }
  | { readonly code: string }
  | { readonly closed: true }
);

/** One database's side of the thread. */
export interface LogCopier {
  /** Asks for one checkpoint. Its answer comes to `onAnswer`. */
  checkpoint(): void;
  /** Resolves once the thread has no connection to the database any more. */
  close(): Promise<void>;
}

export interface Listener {
  onAnswer(answer: ThreadAnswer): void;
  /** The thread died; the next checkpoint of any database starts another. */
  onDeath(error: unknown): void;
}

let worker: Worker | undefined;
let databases = 0;
/** Connections that wait to be closed: the process must not end before. */
let closing = 0;
const listeners = new Map<number, Listener>();

export function copyLogOf(path: string, listener: Listener): LogCopier {
  databases += 1;
  const database = databases;
  let opened = false;
  listeners.set(database, listener);

  function post(thread: Worker, close: boolean): void {
    thread.postMessage({ database, path, close } satisfies ThreadMessage, []);
  }

  return {
    checkpoint() {
      opened = true;
      worker ??= start();
      post(worker, false);
    },
    async close() {
      const thread = worker;
      if (opened && thread !== undefined) {
        closing += 1;
        thread.ref();
        await new Promise<void>((resolve) => {
          const onAnswer = (answer: ThreadAnswer): void => void ("closed" in answer && resolve());
          listeners.set(database, { onAnswer, onDeath: () => resolve() });
          post(thread, true);
        });
        closing -= 1;
        if (closing === 0) thread.unref();
      }
      listeners.delete(database);
    },
  };
}

function start(): Worker {
  const program = new URL("./checkpoint-worker.ts", import.meta.url);
  // Published packages hold what the compiler wrote, and it does not rewrite this name.
  if (import.meta.url.endsWith(".js")) program.pathname = program.pathname.replace(/ts$/, "js");
  const started = new Worker(program);
  started.unref();
  started.on("message", (answer: ThreadAnswer) => listeners.get(answer.database)?.onAnswer(answer));
  started.on("error", (error) => {
    worker = undefined;
    for (const listener of listeners.values()) listener.onDeath(error);
  });
  return started;
}
