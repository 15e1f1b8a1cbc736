export type {
  Cancel,
  Counter,
  Env,
  Gauge,
  Histogram,
  HistogramOptions,
  HttpRequest,
  HttpResponse,
  Log,
  LogFields,
  MetricLabels,
  Metrics,
  SocketEvents,
  SocketHandle,
} from "./env.ts";
export { NetworkFault } from "./network-fault.ts";
export type { NetworkFaultReason } from "./network-fault.ts";
