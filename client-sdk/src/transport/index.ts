/** How this client reaches its own homeserver, and no other host: HTTP requests and one socket. */
export { type Api, createApi, type OctetsRequest, type ToProve } from "./api.ts";
export {
  type Connection,
  type ConnectionEvents,
  createConnection,
  type StreamFrame,
} from "./connection.ts";
export { createServerTime } from "./server-time.ts";
export { createSerial, type Serial } from "./serial.ts";
export { WrongServer } from "./wrong-server.ts";
