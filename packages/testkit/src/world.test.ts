import { type HttpRequest, NetworkFault, toHex, utf8Decode, utf8Encode } from "@treehouse/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createWorld, WORLD_START, type World } from "./index.ts";

const request = (url: string, body = ""): HttpRequest => ({
  method: "POST",
  url,
  body: utf8Encode(body),
  timeoutMs: 1000,
  responseBytesMax: 100,
});

/** A world in which a node at http://b.example answers with what it was told, in capitals. */
function echoWorld(seed: number): World {
  const world = createWorld(seed);
  world.network.listen("http://b.example", {
    fetch: (asked) =>
      Promise.resolve({
        status: 200,
        headers: {},
        body: utf8Encode(utf8Decode(asked.body ?? new Uint8Array(0)).toUpperCase()),
      }),
  });
  return world;
}

describe("a world", () => {
  it("gives the same octets for the same seed, and others for another seed or name", () => {
    const draw = (seed: number, name: string): string =>
      toHex(createWorld(seed).env(name).random(16));
    expect(draw(7, "a")).toBe(draw(7, "a"));
    expect(new Set([draw(7, "a"), draw(8, "a"), draw(7, "b"), draw(7 + 2 ** 32, "a")]).size).toBe(
      4,
    );
  });

  it("keeps random streams apart", () => {
    const [one, other] = [createWorld(3), createWorld(3)];
    one.random("faults").bytes(1000);
    expect(one.env("a").random(32)).toEqual(other.env("a").random(32));
  });

  it("draws evenly enough and within bounds", () => {
    const random = createWorld(1).random("dice");
    const counts = [0, 0, 0, 0, 0, 0];
    for (let index = 0; index < 6000; index++) {
      const face = random.integer(1, 6);
      counts[face - 1] = (counts[face - 1] ?? 0) + 1;
    }
    expect(counts.every((count) => count > 850 && count < 1150)).toBe(true);
  });

  it("runs timers in the order of their times, equal ones in the order of their calls", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(20), fc.boolean()), { maxLength: 40 }),
        async (timers) => {
          const world = createWorld(1);
          const env = world.env("a");
          const ran: number[] = [];
          timers.forEach(([delay, cancels], index) => {
            const cancel = env.timer(delay, () => ran.push(index));
            if (cancels) cancel();
          });
          await world.advance(20);
          const expected = timers
            .map(([delay, cancels], index) => ({ delay, cancels, index }))
            .filter(({ cancels }) => !cancels)
            .toSorted((a, b) => a.delay - b.delay || a.index - b.index)
            .map(({ index }) => index);
          expect(ran).toEqual(expected);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("has time that only a test moves", async () => {
    const world = createWorld(1);
    const env = world.env("a");
    const times: number[] = [];
    env.timer(50, () => {
      times.push(env.monotonic());
      env.timer(50, () => times.push(env.monotonic()));
    });
    await world.settle();
    expect([times, env.now()]).toEqual([[], WORLD_START]);
    await world.advance(70);
    expect([times, env.monotonic()]).toEqual([[50], 70]);
    await world.run(WORLD_START + 100);
    expect(times).toEqual([50, 100]);
  });

  it("a timer can be cancelled by another one of the same time", async () => {
    const world = createWorld(1);
    const env = world.env("a");
    const ran: string[] = [];
    env.timer(5, () => {
      ran.push("first");
      cancel();
    });
    const cancel = env.timer(5, () => ran.push("second"));
    await world.advance(10);
    cancel();
    expect(ran).toEqual(["first"]);
  });

  it("runs what is asked for soon by itself, in order, after the present turn", async () => {
    const env = createWorld(1).env("a");
    const ran: string[] = [];
    await new Promise<void>((resolve) => {
      env.soon(() => {
        ran.push("first");
        env.soon(() => {
          ran.push("third");
          resolve();
        });
      });
      env.soon(() => ran.push("second"));
      ran.push("now");
    });
    expect(ran).toEqual(["now", "first", "second", "third"]);
  });

  it("reports the first error of an event, and runs the others", async () => {
    const world = createWorld(1);
    const env = world.env("a");
    const ran: string[] = [];
    env.timer(1, () => {
      env.soon(() => ran.push("soon"));
      throw new Error("planted");
    });
    await expect(world.advance(2)).rejects.toThrow("planted");
    await world.advance(2);
    expect(ran).toEqual(["soon"]);
  });

  it("lets as much time pass as a promise needs", async () => {
    const world = createWorld(1);
    const env = world.env("a");
    const later = new Promise<number>((resolve) => {
      env.timer(60_000, () => resolve(env.monotonic()));
    });
    expect(await world.until(later)).toBe(60_000);
    await expect(world.until(new Promise(() => {}))).rejects.toThrow("nothing is left");
  });

  it("keeps logs and metrics", () => {
    const { log, metrics } = createWorld(1).env("a");
    log.child({ room: "r" }).warn("slow", { ms: 3 });
    expect(log.entries).toEqual([{ level: "warn", event: "slow", fields: { room: "r", ms: 3 } }]);
    metrics.counter("sent", "Sent.").add(2, { kind: "commit" });
    metrics.gauge("open", "Open.").set(5);
    metrics.histogram("wait", "Wait.").observe(0.5);
    expect(metrics.value("sent", { kind: "commit" })).toBe(2);
    expect(metrics.value("open")).toBe(5);
    expect(metrics.observations("wait")).toEqual([0.5]);
  });
});

describe("the network of a world", () => {
  it("carries requests without any time passing", async () => {
    const response = await echoWorld(1).env("a").fetch(request("http://b.example/x", "hello"));
    expect(utf8Decode(response.body)).toBe("HELLO");
  });

  it("takes its delay each way", async () => {
    const world = echoWorld(1);
    world.network.link.delayMs = 20;
    await world.until(world.env("a").fetch(request("http://b.example/x")));
    expect(world.env("a").monotonic()).toBe(40);
  });

  it("rejects as the real one does", async () => {
    const world = echoWorld(1);
    const reasonOf = (promise: Promise<unknown>): Promise<string> =>
      promise.then(
        () => "answered",
        (error: unknown) => (error instanceof NetworkFault ? error.reason : "another error"),
      );
    const env = world.env("a");
    expect(await reasonOf(env.fetch(request("http://c.example/")))).toBe("refused");
    const long = request("http://b.example/", "x".repeat(101));
    expect(await reasonOf(env.fetch(long))).toBe("tooLarge");
    world.network.link.loss = 1;
    expect(await world.until(reasonOf(env.fetch(request("http://b.example/"))))).toBe("timeout");
    expect(env.monotonic()).toBe(1000);
  });

  it("loses the same messages for the same seed", async () => {
    const lostOf = async (seed: number): Promise<string> => {
      const world = echoWorld(seed);
      world.network.link.loss = 0.3;
      const results: string[] = [];
      for (let index = 0; index < 20; index++) {
        const answer = world.env("a").fetch(request("http://b.example/"));
        results.push(
          await world.until(
            answer.then(
              () => "+",
              () => "-",
            ),
          ),
        );
      }
      return results.join("");
    };
    const once = await lostOf(11);
    expect(await lostOf(11)).toBe(once);
    expect(once).toMatch(/\+.*-|-.*\+/);
  });

  it("carries sockets: in order, with one close for each end", async () => {
    const world = createWorld(1);
    const heard: string[] = [];
    world.network.listen("http://b.example", {
      fetch: () => Promise.reject(new Error("no HTTP here")),
      socket: (_, handle) => ({
        opened: () => heard.push("b opened"),
        message: (bytes) => {
          heard.push(`b ${utf8Decode(bytes)}`);
          handle.send(utf8Encode("answer"));
          if (utf8Decode(bytes) === "2") handle.close(4000, "enough");
        },
        closed: (code) => heard.push(`b closed ${code}`),
      }),
    });
    const socket = world.env("a").openSocket("ws://b.example/stream", {
      opened: () => {
        heard.push("a opened");
        socket.send(utf8Encode("1"));
        socket.send(utf8Encode("2"));
        heard.push(`a buffered ${socket.bufferedBytes}`);
      },
      message: (bytes) => heard.push(`a ${utf8Decode(bytes)}`),
      closed: (code, reason) => heard.push(`a closed ${code} ${reason}`),
    });
    await world.settle();
    socket.close();
    await world.settle();
    expect(heard).toEqual([
      "b opened",
      "a opened",
      "a buffered 2",
      "b 1",
      "b 2",
      "a answer",
      "a answer",
      "a closed 4000 enough",
      "b closed 4000",
    ]);
  });

  it("closes a socket that nobody accepts", async () => {
    const world = createWorld(1);
    const codes: number[] = [];
    world.env("a").openSocket("ws://nobody.example/", {
      opened: () => codes.push(0),
      message: () => codes.push(0),
      closed: (code) => codes.push(code),
    });
    await world.settle();
    expect(codes).toEqual([1006]);
  });
});
