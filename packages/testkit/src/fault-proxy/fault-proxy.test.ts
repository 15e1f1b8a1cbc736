import { createServer, type IncomingMessage, request, type Server } from "node:http";
import { connect } from "node:net";

import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";

import { type FaultProxy, type Faults, startFaultProxy } from "./index.ts";
import { MessageFramer } from "./message-framer.ts";

/** What a target has been asked, and the answers that it still owes. */
let heard: string[] = [];
let owed: (() => void)[] = [];
let answering = true;
let target: Server;
let url = "";
let proxy: FaultProxy | undefined;

beforeEach(async () => {
  [heard, owed, answering] = [[], [], true];
  target = createServer((incoming, response) => {
    let body = "";
    incoming.on("data", (chunk) => (body += String(chunk)));
    incoming.on("error", () => undefined);
    incoming.on("end", () => {
      heard.push(body);
      const answer = (): void => void response.end(`heard ${body}`);
      if (answering) answer();
      else owed.push(answer);
      changed();
    });
  });
  target.on("upgrade", (_incoming, socket) => {
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: echo\r\nconnection: upgrade\r\n\r\n",
    );
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => socket.write(chunk));
    socket.on("end", () => socket.end());
  });
  await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", () => resolve()));
  const address = target.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  url = `http://127.0.0.1:${address.port}`;
});

afterEach(async () => {
  await proxy?.close();
  target.closeAllConnections();
  await new Promise((resolve) => target.close(resolve));
});

let changed: () => void = () => undefined;

/** Resolves once the target has heard so many requests. */
async function hears(count: number): Promise<void> {
  while (heard.length < count) {
    await new Promise<void>((resolve) => {
      changed = resolve;
    });
  }
}

async function start(faults: Partial<Faults> = {}, seed = 1): Promise<FaultProxy> {
  proxy = await startFaultProxy({ target: url, seed, faults });
  return proxy;
}

/** One request on a connection of its own; rejects when there is no whole answer. */
function post(body: string, headers: Record<string, string> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(
      proxy?.url ?? "",
      { method: "POST", agent: false, headers },
      (answer: IncomingMessage) => {
        let text = "";
        answer.on("data", (chunk) => (text += String(chunk)));
        answer.on("error", reject);
        answer.on("end", () => resolve(text));
      },
    );
    asked.on("error", reject);
    asked.end(body);
  });
}

const settled = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "answered",
    () => "failed",
  );

test("requests of any framing arrive as they were sent, and so do answers", async () => {
  await start();
  expect(await post("hello")).toBe("heard hello");
  expect(await post("chunks", { "transfer-encoding": "chunked" })).toBe("heard chunks");
  expect(await post("")).toBe("heard ");
  expect(proxy?.counts).toMatchObject({ requests: 3, answered: 3, connections: 3 });
});

test("a request that is lost does not arrive whole", async () => {
  await start({ requestLoss: 1 });
  for (let index = 0; index < 5; index += 1) {
    await expect(post(`lost ${index}`)).rejects.toThrow(/socket|ECONNRESET/);
  }
  expect(heard).toEqual([]);
  expect(proxy?.counts.requestsLost).toBe(5);
});

test("a request whose answer is lost has arrived", async () => {
  await start({ answerLoss: 1 });
  await expect(post("arrived")).rejects.toThrow(/socket|aborted|ECONNRESET/);
  expect(heard).toEqual(["arrived"]);
  expect(proxy?.counts).toMatchObject({ answersLost: 1, answered: 0 });
});

test("a request that is doubled arrives twice and is answered once", async () => {
  const link = await start({ duplication: 1 });
  const arrived: string[] = [];
  link.onArrived(({ bytes }) => arrived.push(bytes.toString("latin1")));
  expect(await post("twice")).toBe("heard twice");
  await hears(2);
  expect(heard).toEqual(["twice", "twice"]);
  expect(new Set(arrived).size).toBe(1);
});

test("a request that is overtaken arrives after the later one", async () => {
  const link = await start({ reordering: 1 });
  const first = post("first");
  while (link.counts.requests < 1) await turn();
  link.set({ reordering: 0 });
  expect(await post("second")).toBe("heard second");
  expect(await first).toBe("heard first");
  expect(heard).toEqual(["second", "first"]);
  expect(link.counts.reordered).toBe(1);
});

test("a link that is down resets what there is and what comes, and is up again at once", async () => {
  const link = await start();
  answering = false;
  const waiting = settled(post("one"));
  await hears(1);
  link.set({ link: "down" });
  expect(await waiting).toBe("failed");
  expect(await settled(post("two"))).toBe("failed");
  expect(link.connections()).toBe(0);
  link.set({ link: "up" });
  answering = true;
  expect(await post("three")).toBe("heard three");
  expect(heard).toEqual(["one", "three"]);
});

test("on a silent link nothing arrives and nothing ends, until it is back", async () => {
  const link = await start({ link: "silent" });
  const waiting = settled(post("swallowed"));
  while (link.counts.vanished < 1) await turn();
  expect([link.connections(), heard]).toEqual([1, []]);
  link.set({ link: "up" });
  expect(await waiting).toBe("failed");
  expect(await post("after")).toBe("heard after");
});

test("a cut in one direction lets requests arrive and swallows answers", async () => {
  const link = await start({ link: "noAnswers" });
  const waiting = settled(post("one way"));
  while (link.counts.vanished < 1) await turn();
  expect(heard).toEqual(["one way"]);
  link.set({ link: "up" });
  expect(await waiting).toBe("failed");
  link.set({ link: "noRequests" });
  const other = settled(post("never"));
  while (link.counts.vanished < 2) await turn();
  expect(heard).toEqual(["one way"]);
  link.set({ link: "up" });
  expect(await other).toBe("failed");
});

test("delays, slow connections and flapping go by the clock that is given", async () => {
  const clock = new HandClock();
  proxy = await startFaultProxy({
    target: url,
    seed: 1,
    faults: { delayMs: [1000, 2000] },
    timer: (delayMs, run) => clock.timer(delayMs, run),
  });
  expect(await clock.firesUntil(post("late"))).toBe("heard late");
  expect(clock.fired).toHaveLength(2);
  expect(Math.min(...clock.fired)).toBeGreaterThanOrEqual(1000);
  expect(Math.max(...clock.fired)).toBeLessThanOrEqual(2000);

  clock.fired.length = 0;
  proxy.set({ delayMs: [0, 0], octetsPerSecond: 1000 });
  const long = "x".repeat(500);
  expect(await clock.firesUntil(post(long))).toBe(`heard ${long}`);
  // Fifty octets in fifty milliseconds: the request alone has more than five hundred.
  expect(clock.fired.length).toBeGreaterThan(10);

  clock.fired.length = 0;
  proxy.set({ octetsPerSecond: undefined, flapping: { upMs: [10, 10], downMs: [20, 20] } });
  const states = [proxy.faults.link];
  for (let times = 0; times < 3; times += 1) {
    clock.fire();
    states.push(proxy.faults.link);
  }
  expect([states, clock.fired]).toEqual([
    ["up", "down", "up", "down"],
    [10, 20, 10],
  ]);
});

test("after an upgrade octets pass both ways, in order, until the link goes", async () => {
  const link = await start();
  const socket = connect(Number(new URL(link.url).port), "127.0.0.1");
  socket.on("error", () => undefined);
  let received = "";
  let wake: () => void = () => undefined;
  socket.on("data", (chunk) => {
    received += String(chunk);
    wake();
  });
  const has = async (text: string): Promise<void> => {
    while (!received.includes(text)) await new Promise<void>((resolve) => (wake = resolve));
  };
  socket.write("GET / HTTP/1.1\r\nhost: x\r\nupgrade: echo\r\nconnection: upgrade\r\n\r\n");
  await has("101");
  for (let index = 0; index < 50; index += 1) socket.write(`${index};`);
  await has("49;");
  const echoed = received.slice(received.indexOf("0;"));
  expect(echoed).toBe(Array.from({ length: 50 }, (_, index) => `${index};`).join(""));
  link.set({ link: "silent" });
  socket.write("gone");
  while (link.counts.vanished < 1) await turn();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  link.set({ link: "up" });
  await closed;
  expect(received).not.toContain("gone");
});

test("a seed decides which of the requests fail, and switching one fault changes no other", async () => {
  const fates = async (faults: Partial<Faults>, seed: number): Promise<string> => {
    const link = await start(faults, seed);
    let fate = "";
    for (let index = 0; index < 24; index += 1) fate += (await settled(post("x")))[0];
    await link.close();
    return fate;
  };
  const once = await fates({ answerLoss: 0.4 }, 7);
  expect(await fates({ answerLoss: 0.4 }, 7)).toBe(once);
  expect(await fates({ answerLoss: 0.4, duplication: 0.5 }, 7)).toBe(once);
  expect(await fates({ answerLoss: 0.4 }, 8)).not.toBe(once);
  expect(once).toContain("f");
  expect(once).toContain("a");
});

test("messages are cut out of a stream wherever its pieces end, and keep their octets", () => {
  const chunked =
    "POST /c HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n1;x\r\n\n\r\n0\r\nt: 1\r\n\r\n";
  const messages = [
    "GET /a HTTP/1.1\r\nhost: x\r\n\r\n",
    "POST /b HTTP/1.1\r\nContent-Length: 4\r\n\r\n\r\n\r\n",
    chunked,
    "POST /d HTTP/1.1\r\ncontent-length: 0\r\n\r\n",
  ];
  const all = Buffer.from(messages.join(""), "latin1");
  fc.assert(
    fc.property(fc.array(fc.nat(all.length), { maxLength: 12 }), (cuts) => {
      const framer = new MessageFramer("requests");
      const taken: string[] = [];
      const ends = [...cuts, all.length].toSorted((a, b) => a - b);
      let from = 0;
      for (const end of ends) {
        framer.add(all.subarray(from, end));
        from = end;
        for (let one = framer.take(); one !== undefined; one = framer.take()) {
          taken.push(one.bytes.toString("latin1"));
        }
      }
      expect(taken).toEqual(messages);
      expect(framer.begun).toBe(false);
    }),
  );
});

/** Timers that fire one after the other, when a test says so. */
class HandClock {
  readonly fired: number[] = [];
  readonly #timers = new Set<{ readonly delayMs: number; readonly run: () => void }>();

  timer(delayMs: number, run: () => void): () => void {
    const timer = { delayMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** The one that was set first; answers whether there was one. */
  fire(): boolean {
    const [first] = this.#timers;
    if (first === undefined) return false;
    this.#timers.delete(first);
    this.fired.push(first.delayMs);
    first.run();
    return true;
  }

  async firesUntil<T>(promise: Promise<T>): Promise<T> {
    const state = { settled: false };
    const mark = (): void => {
      state.settled = true;
    };
    promise.then(mark, mark);
    while (!state.settled) {
      this.fire();
      await turn();
    }
    return promise;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
