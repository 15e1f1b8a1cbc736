export { jsonAnswer, jsonBody, noAnswer, tlsAnswer, tlsBody } from "./form.ts";
export { ListenRefused } from "./lifecycle.ts";
export type { HttpServer } from "./lifecycle.ts";
export { createMetricsServer } from "./metrics-server.ts";
export type { MetricsPage } from "./metrics-server.ts";
export { route } from "./route.ts";
export type { Route, Session } from "./route.ts";
export { createHttpServer } from "./server.ts";
export type { UpgradeHandler } from "./server.ts";
