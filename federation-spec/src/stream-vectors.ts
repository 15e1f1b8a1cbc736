import {
  alicesClient,
  bobsClient,
  incarnation,
  mls,
  octets,
  room,
  signedHead,
  time,
} from "./sample-values.ts";
import { vectorOf } from "./vector-of.ts";

const cursors = [
  { stream: room, position: 42 },
  { stream: alicesClient, position: 0 },
];

export const inboxVectors = [
  vectorOf("InboxEntry", "Welcome", {
    position: 1,
    acceptedAt: time,
    kind: "welcome",
    welcome: {
      room,
      generation: 1,
      epoch: 7,
      position: 42,
      welcome: mls.welcome,
      head: signedHead,
    },
  }),
  vectorOf("InboxEntry", "account event", {
    position: 2,
    acceptedAt: time,
    kind: "accountEvent",
    event: { name: "clientListChanged", data: octets(4) },
  }),
];

export const clientFrameVectors = [
  vectorOf("ClientFrame", "hello at the first contact", {
    type: "hello",
    incarnation: undefined,
    cursors: [],
  }),
  vectorOf("ClientFrame", "hello with cursors", { type: "hello", incarnation, cursors }),
  vectorOf("ClientFrame", "submit", { type: "submit", requestId: 7, room, request: octets(30) }),
  vectorOf("ClientFrame", "update", {
    type: "update",
    requestId: 4_294_967_295,
    room,
    request: octets(70),
  }),
  vectorOf("ClientFrame", "acknowledge", { type: "acknowledge", cursors }),
  vectorOf("Acknowledgement", "acknowledgement over HTTP", cursors),
  vectorOf("Cursor", "cursor of an inbox", { stream: bobsClient, position: 3 }),
];

export const serverFrameVectors = [
  vectorOf("ServerFrame", "ready", { type: "ready", incarnation }),
  vectorOf("ServerFrame", "entry", { type: "entry", entry: octets(20) }),
  vectorOf("ServerFrame", "inbox entry", { type: "inboxEntry", entry: octets(20) }),
  vectorOf("ServerFrame", "submitted", {
    type: "submitted",
    requestId: 7,
    response: octets(19),
  }),
  vectorOf("ServerFrame", "updated", { type: "updated", requestId: 8, response: octets(70) }),
  vectorOf("ServerFrame", "refused with everything", {
    type: "refused",
    requestId: 7,
    code: "epochTooOld",
    detail: "the epoch is over",
    retryAfterMs: 1500,
    currentEpoch: 8,
  }),
  vectorOf("ServerFrame", "refused without a request", {
    type: "refused",
    requestId: 0,
    code: "sessionEnded",
    detail: "",
    retryAfterMs: undefined,
    currentEpoch: undefined,
  }),
  vectorOf("ServerFrame", "caught up", { type: "caughtUp" }),
  vectorOf("ServerFrame", "gap that expired", {
    type: "gap",
    stream: room,
    from: 3,
    to: 17,
    reason: "expired",
  }),
  vectorOf("ServerFrame", "gap by a restore", {
    type: "gap",
    stream: alicesClient,
    from: 1,
    to: 1,
    reason: "restored",
  }),
  vectorOf("ServerFrame", "head", { type: "head", head: signedHead }),
  vectorOf("EntriesPage", "page of two", {
    incarnation,
    stream: room,
    entries: [octets(20), octets(70)],
    head: 44,
    oldest: 2,
  }),
  vectorOf("EntriesPage", "page without entries", {
    incarnation,
    stream: alicesClient,
    entries: [],
    head: 0,
    oldest: 1,
  }),
];
