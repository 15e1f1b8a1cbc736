type Row = { readonly status: number; readonly title: string; readonly advice: string };

/**
 * The closed list of refusal codes: HTTP status, title, and what the asker can do. A code is never
 * renamed or reused; a new one is added here and in federation-spec/05-errors.md.
 */
export const refusalTable = {
  malformed: row(400, "The input cannot be decoded", "Send exactly the documented form."),
  versionUnsupported: row(400, "This version is not supported", "Update the software."),
  nameInvalid: row(400, "The name is not allowed", "Use 1 to 64 of a-z, 0-9, '.', '_' and '-'."),
  notAuthenticated: row(401, "A session is needed", "Log in and send the session token."),
  sessionEnded: row(401, "The session has ended", "Log in again."),
  loginFailed: row(401, "The login failed", "Check the address and the password."),
  proofRequired: row(401, "The client's signature is needed", "Sign the challenge and ask again."),
  factorRequired: row(
    401,
    "A second factor is needed",
    "Send a code of the app, or a recovery code.",
  ),
  factorInvalid: row(401, "The code does not hold", "Wait for the next code, or use another one."),
  ticketInvalid: row(401, "The ticket is not valid", "Ask for a new ticket; each works once."),
  signatureInvalid: row(401, "The request is not signed validly", "Sign it anew, by this clock."),
  replayed: row(401, "The request was seen before", "Sign each request anew."),
  digestMismatch: row(401, "The digest is not the body's", "Send the digest of what is sent."),
  peerUnknown: row(401, "The server's key cannot be found", "Publish the key, then try again."),
  peerKeyChanged: row(401, "The server's key has changed", "Have both operators compare the key."),
  inviteInvalid: row(403, "The invite is not valid", "Ask the operator for a new invite."),
  notMember: row(403, "Only members may do this", "Join the room or ask a member to add you."),
  notAllowed: row(403, "The policy forbids this", "Ask someone whose role permits it."),
  clientMismatch: row(403, "Another client is named", "Act for the session's own client only."),
  removed: row(403, "This client has been removed", "Stop sending to this room."),
  peerDenied: row(403, "An operator does not allow this server", "Ask the operators."),
  noConsent: row(403, "There is no consent", "Ask for the person's consent."),
  notFound: row(404, "There is nothing here", "Check the path."),
  unknownUser: row(404, "The user is not known", "Check the address."),
  unknownRoom: row(404, "The room is not known", "Check the room's address."),
  unknownClient: row(404, "The client is not known", "Fetch the user's client list again."),
  keyPackagesExhausted: row(404, "No KeyPackage is left", "Try again once the user was online."),
  methodNotAllowed: row(405, "The method is not allowed", "Use the documented method."),
  nameTaken: row(409, "The name is taken", "Choose another name."),
  wrongEpoch: row(409, "The epoch is over", "Apply the newer commits and rebuild yours."),
  epochTooOld: row(409, "The message's epoch is too old", "Encrypt again in the current epoch."),
  epochAhead: row(409, "The message's epoch does not exist yet", "Resynchronise the room."),
  removalPending: row(409, "Removals are pending", "Commit the proposed removals with it."),
  keyPackagesFull: row(409, "No more KeyPackages are taken", "Upload when the stock is lower."),
  roomExists: row(409, "The room exists already", "Reserve another room."),
  roomsFull: row(409, "No more rooms for this user", "Leave a room first."),
  roomFull: row(409, "The room is full", "Remove members first."),
  aheadOfStream: row(409, "The position does not exist yet", "Start again from the last known."),
  conflict: row(409, "Something changed meanwhile", "Read the current state and try again."),
  staleTerm: row(409, "The hub's term is over", "Learn the room's newer term."),
  reservationExpired: row(410, "The reservation has expired", "Reserve a room again."),
  positionGone: row(410, "The entries have expired", "Go on from the oldest and report the gap."),
  tooLarge: row(413, "The body is too large", "Send less at once."),
  unsupportedMediaType: row(415, "The media type is wrong", "Use the documented media type."),
  misdirected: row(421, "This server is another one", "Ask the server of that domain."),
  notHub: row(421, "This server is not the room's hub", "Ask the room's hub."),
  identityInvalid: row(422, "The identity is not valid", "Renew the client's certification."),
  invalidCommit: row(422, "The commit is not valid", "Rebuild it from the current state."),
  invalidProposal: row(422, "A proposal is not valid", "Drop it and rebuild."),
  invalidMessage: row(422, "The message is not valid", "Rebuild it from the current state."),
  invalidKeyPackage: row(422, "The KeyPackage is not valid", "Make a new KeyPackage."),
  limitExceeded: row(422, "A limit is exceeded", "Stay below the limit that is named."),
  transactionConflict: row(422, "The id was another body's", "Use a new id for a new request."),
  peerLimited: row(429, "The operator limits this server", "Wait as long as told, then try again."),
  rateLimited: row(429, "Too many requests", "Wait as long as told, then try again."),
  internal: row(500, "The server failed", "Try again later; the operator finds it in the log."),
  unsupported: row(501, "This is not known here", "Do without, or have the server updated."),
  peerUnreachable: row(503, "The other server cannot be reached", "Wait as long as told."),
  unavailable: row(503, "Not available now", "Wait as long as told, then try again."),
  queueFull: row(507, "The queue is full", "Read and acknowledge, then try again."),
  storageFull: row(507, "The server's storage is full", "Try again later."),
} as const satisfies Record<string, Row>;

export type RefusalCode = keyof typeof refusalTable;

function row(status: number, title: string, advice: string): Row {
  return { status, title, advice };
}
