export { jsonAnswer, jsonBody, mediaTypeTls, noAnswer, tlsAnswer, tlsBody } from "./form.ts";
export type { AnswerForm, BodyForm } from "./form.ts";
export { route } from "./route.ts";
export type { Access, Call, Route, RouteOptions, Session } from "./route.ts";
export { addressOf } from "./address.ts";
export { createHttpServer, ListenRefused } from "./server.ts";
export type { HttpServer, HttpServerOptions, UpgradeHandler } from "./server.ts";
