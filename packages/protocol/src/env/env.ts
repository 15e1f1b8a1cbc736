import type { Bytes } from "../bytes/index.ts";

/** Stops what was started; a second call, or one after the end, does nothing. */
export type Cancel = () => void;

/**
 * Everything a module may ask of the outside world. Consumers take `Pick<Env, …>` of what they
 * use; the simulator runs the same modules over a seeded implementation.
 */
export interface Env {
  /** Wall-clock milliseconds since the Unix epoch; may jump. */
  now(): number;
  /** Milliseconds that never go back, from an arbitrary start. */
  monotonic(): number;
  /** Cryptographically secure octets. */
  random(length: number): Bytes;
  /** Runs once after at least so many milliseconds; does not keep the process alive. */
  timer(delayMs: number, run: () => void): Cancel;
  /** Runs after the I/O that is already pending (setImmediate), in the order of the calls. */
  soon(run: () => void): void;
  /** Rejects with a NetworkFault when there is no complete answer; any status is an answer. */
  fetch(request: HttpRequest): Promise<HttpResponse>;
  openSocket(url: string, events: SocketEvents): SocketHandle;
  readonly log: Log;
  readonly metrics: Metrics;
}

export type HttpRequest = {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly timeoutMs: number;
  /** A longer answer is cut off and rejected as a NetworkFault. */
  readonly responseBytesMax: number;
  /** Gives the exchange up: it rejects as a NetworkFault. */
  readonly signal?: AbortSignal | undefined;
};

/** Header names are lower-case. */
export type HttpResponse = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Bytes;
};

export interface SocketEvents {
  opened(): void;
  /** One binary message; a text message closes the socket instead. */
  message(bytes: Bytes): void;
  /** Called exactly once, also when the socket never opened. */
  closed(code: number, reason: string): void;
}

export interface SocketHandle {
  send(bytes: Uint8Array): void;
  /** Octets handed to `send` that have not left yet. */
  readonly bufferedBytes: number;
  close(code?: number, reason?: string): void;
}

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Structured events. The implementation holds the allow-list and redacts. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  child(fields: LogFields): Log;
}

export type MetricLabels = Readonly<Record<string, string>>;

export interface Counter {
  add(count?: number, labels?: MetricLabels): void;
}

export interface Gauge {
  set(value: number, labels?: MetricLabels): void;
  add(difference: number, labels?: MetricLabels): void;
}

export interface Histogram {
  observe(value: number, labels?: MetricLabels): void;
}

export type HistogramOptions = {
  readonly labels?: readonly string[];
  /** Upper bounds, ascending. */
  readonly buckets?: readonly number[];
};

/** Asking twice for one name gives the same instrument. */
export interface Metrics {
  counter(name: string, help: string, labels?: readonly string[]): Counter;
  gauge(name: string, help: string, labels?: readonly string[]): Gauge;
  histogram(name: string, help: string, options?: HistogramOptions): Histogram;
}
