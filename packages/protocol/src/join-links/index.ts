export {
  checkKnock,
  type CheckedKnock,
  isKnock,
  type Knock,
  knockCodec,
  signKnock,
} from "./knock.ts";
export { formatRoomLink, parseRoomLink, type RoomLink } from "./link-text.ts";
export {
  JOIN_TICKET_COMPONENT,
  type JoinAsk,
  joinLinkKey,
  type JoinTicket,
  joinTicketCodec,
  linkOfAsk,
  linkOfCommit,
  signJoinAsk,
  signJoinTicket,
  type TicketHolder,
} from "./ticket.ts";
