import type { RoomUri, StreamUri } from "../identifiers/index.ts";

/** The paths of the client API, with variables in braces as in its OpenAPI document. */
export const routes = {
  health: "/health",
  server: "/v1/server",
  openapi: "/v1/openapi.json",
  registrationStart: "/v1/accounts/registration/start",
  registrationFinish: "/v1/accounts/registration/finish",
  loginStart: "/v1/login/start",
  loginFinish: "/v1/login/finish",
  session: "/v1/session",
  user: "/v1/users/{address}",
  invites: "/v1/invites",
  invite: "/v1/invites/{id}",
  keyPackages: "/v1/key-packages",
  keyMaterial: "/v1/key-material",
  rooms: "/v1/rooms",
  found: "/v1/rooms/{room}/found",
  update: "/v1/rooms/{room}/update",
  messages: "/v1/rooms/{room}/messages",
  leave: "/v1/rooms/{room}/leave",
  tree: "/v1/rooms/{room}/tree",
  groupInfo: "/v1/rooms/{room}/group-info",
  tickets: "/v1/tickets",
  stream: "/v1/stream",
  subscriptions: "/v1/subscriptions",
  entries: "/v1/streams/{stream}/entries",
  acknowledgements: "/v1/acknowledgements",
} as const;

/** The same paths with their variables filled in, percent-encoded as one segment each. */
export const paths = {
  health: () => routes.health,
  server: () => routes.server,
  openapi: () => routes.openapi,
  registrationStart: () => routes.registrationStart,
  registrationFinish: () => routes.registrationFinish,
  loginStart: () => routes.loginStart,
  loginFinish: () => routes.loginFinish,
  session: () => routes.session,
  user: (address: string) => fill(routes.user, address),
  invites: () => routes.invites,
  invite: (id: string) => fill(routes.invite, id),
  keyPackages: () => routes.keyPackages,
  keyMaterial: () => routes.keyMaterial,
  rooms: () => routes.rooms,
  found: (room: RoomUri) => fill(routes.found, room),
  update: (room: RoomUri) => fill(routes.update, room),
  messages: (room: RoomUri) => fill(routes.messages, room),
  leave: (room: RoomUri) => fill(routes.leave, room),
  tree: (room: RoomUri, epoch: number) => `${fill(routes.tree, room)}?epoch=${epoch}`,
  groupInfo: (room: RoomUri) => fill(routes.groupInfo, room),
  tickets: () => routes.tickets,
  stream: (ticket: string) => `${routes.stream}?ticket=${encodeURIComponent(ticket)}`,
  subscriptions: () => routes.subscriptions,
  entries: (stream: StreamUri, query: { after: number; limit: number }) =>
    `${fill(routes.entries, stream)}?after=${query.after}&limit=${query.limit}`,
  acknowledgements: () => routes.acknowledgements,
};

function fill(template: string, value: string): string {
  return template.replace(/\{[a-z]+\}/, () => encodeURIComponent(value));
}
