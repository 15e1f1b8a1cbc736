import { attack } from "./attack.ts";
import type { Attack } from "./attack.ts";
import { ambiguous, largeHeaders, oddTargets, prototypes, spellings, unknown } from "./requests.ts";
import { endedSession, strangersAct, ticketTwice } from "./sessions.ts";

/** What users, members and strangers try at a server: requirements of docs/security.md. */
export const hostileUser: readonly Attack[] = [
  attack("T-01", "a leaf that no member has signed for, or that its user does not own", {
    "FED-308": ["one that does not stand there does not come in"],
    "FED-926": ["a commit against the policy is refused"],
    "FED-932": [
      "a leaf of a user whom the server does not know does not come in",
      "a list that the server does not vouch for is none",
    ],
    "FED-968": ["an external commit into a room that names the person"],
    "FED-1097": ["nobody knocks in another's name, nor by what was said at another room"],
  }),
  attack("T-03", "a message in the name of somebody else's client", {
    "FED-921": ["for a client of another domain everything is refused"],
  }),
  attack(
    "T-12",
    "a ticket or a session that is used again, or is over",
    {},
    {
      "a ticket for the stream opens it once": ticketTwice,
      "a session that has ended is none": endedSession,
    },
  ),
  attack("T-15", "a hub that shows two histories, or changes the past", {
    "FED-952": [
      "a head that contradicts the log stops the room",
      "two heads that contradict each other stop it",
    ],
    "FED-950": [
      "another server's word is nothing",
      "an entry that does not name the last one is not taken",
    ],
  }),
  attack("T-16", "handshakes that members could not apply", {
    "FED-926": ["octets that are no handshake are malformed"],
    "FED-222": ["another commit's is refused"],
    "FED-221": ["a first message of another room"],
  }),
  attack(
    "T-18",
    "coming into a room without being asked",
    {
      "FED-926": ["others get no GroupInfo"],
      "FED-927": [
        "a member gets that of its epoch, and nobody else",
        "who is out gets none any more",
      ],
    },
    { "a stranger learns nothing of a room and changes nothing in it": strangersAct },
  ),
  attack("T-23", "KeyPackages taken by the dozen, or in somebody else's name", {
    "FED-250": ["one that was changed is refused"],
    "FED-252": ["however many claims come at a time"],
    "FED-930": [
      "what is not signed by a listed client is refused",
      "a server does not claim for another server's users",
    ],
  }),
  attack("T-26", "two commits for one epoch", {
    "FED-223": ["a commit of an epoch that is over is refused"],
  }),
  attack("T-27", "messages of epochs that are long over, and the same again", {
    "FED-224": ["a commit that comes again", "a message that comes again"],
    "FED-231": ["one of three epochs ago, and one of four", "none of before a client came in"],
  }),
  attack(
    "T-30",
    "paths that lead elsewhere, and assets of others",
    {
      "FED-1010": [
        "a server with nobody in the room, or that names another, gets nothing",
        "one for bearers is given for its secret, and one of a user's own to no server",
      ],
      "FED-1013": ["a server forgets copies when it is told, of the sender's assets alone"],
    },
    { "no spelling of a path leads out of its place": spellings },
  ),
  attack(
    "T-36",
    "keys of prototypes, and what a browser would run",
    {},
    { "they are unknown fields like any other": prototypes },
  ),
  attack(
    "T-39",
    "requests that cost more than they should, or mean two things",
    {
      "FED-101": ["longer forms are malformed"],
      "FED-104": ["a larger one is malformed"],
    },
    {
      "what two servers could read as two different requests is refused": ambiguous,
      "headers have a bound": largeHeaders,
      "a target that is no path is refused": oddTargets,
      "nobody without a session is answered": unknown,
    },
  ),
  attack("T-41", "one bad item among good ones", {
    "FED-925": ["good ones among bad ones"],
    "FED-945": ["poison among good items", "an item with a note that is too long"],
    "FED-950": ["an entry that is none is rejected, and the next one taken"],
  }),
];
