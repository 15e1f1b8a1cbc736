/**
 * What is asked of Treehouse, and how far each of it is. One line per row: id, state, where, words.
 *
 * `met`: the row holds as it stands, and at least one test names it. `partly`: what the words after
 * the semicolon leave out is missing. `open`: nothing yet that a user could use.
 * After a change run `node tools/trace.ts`, which writes `docs/requirements.md` anew.
 */
export type State = "met" | "partly" | "open";

export type Row = {
  readonly id: string;
  readonly state: State;
  readonly where: string;
  readonly words: string;
};

export type Section = { readonly title: string; readonly rows: readonly Row[] };

export const sections: readonly Section[] = parse(`
# Protocol core
R-001 | met | delivery, queuing, realtime, SDK | A message handed to the server reaches all other members
R-002 | partly | mls | Group keys are MLS (RFC 9420); no second implementation runs against it yet
R-003 | met | delivery | Rooms are founded, and keep their state through additions and removals
R-004 | partly | authentication, mls, SDK | The server vouches for keys, clients check, pin and tell; nothing revokes a key yet
R-005 | met | key-packages | Clients upload their own KeyPackages, a last-resort one included
R-006 | met | key-packages | Whoever is entitled claims one KeyPackage per client of an absent user
R-007 | partly | queuing | Each client has a queue; its name still tells the user
R-008 | met | queuing, delivery, federation | Messages wait until collected, at followers as well
R-009 | met | queuing, realtime | Only the client that owns a queue reads it and deletes from it
R-010 | partly | queuing | An identity queue and a group queue; neither is pseudonymous yet
R-011 | partly | realtime | New entries are told at once to live clients; no push yet
R-012 | met | homeserver | Modules with interfaces and data of their own
R-013 | met | peers, CLI | Homeservers federate, with whom the operator allows, at once and both ways
R-014 | met | authentication, key-packages, federation, SDK | Users of other servers are found, and their KeyPackages claimed
R-015 | met | federation, delivery | Messages reach users of other servers, over faults and kills, once and in one order
R-016 | met | delivery, federation, SDK | A client talks to its own server only; what is elsewhere is asked by that server
R-017 | met | protocol, delivery | Ids name their server, and requests are routed by them until a hub is known
R-018 | partly | platform, peers, modules | Bounds against floods, per client, address and peer, some for the operator to set; no proof of work for strangers
R-019 | partly | delivery, SDK | One commit per epoch, and clients that fell out come back; not yet after every fault

# Accounts and identity
R-020 | met | authentication, SDK, CLI | A person registers and logs in
R-021 | partly | authentication | Names are unique, look-alikes refused; no renaming yet
R-022 | partly | authentication, factors, SDK | Login by name and password, which the server never learns; an e-mail address confirmed by code resets a lost password, but no login by it; who exists shows in no answer, by form or by work
R-023 | met | factors, authentication, SDK, CLI | An account at the operator's OpenID Connect provider lets one register and stands in for a code; it gives no keys
R-024 | met | factors, SDK, CLI | Authenticator app, passkeys and recovery codes gate logins, and give no keys
R-025 | met | authentication, factors, SDK, CLI | A lost password is reset by e-mail: the account without its keys, after a wait that a client can stop, and contacts are told
R-026 | met | authentication, realtime, SDK, CLI | Sessions are listed with client and last use, and end at once; to end others takes the client's key
R-027 | met | authentication, rendezvous, SDK, CLI | A further client by approval of another one, recovery key or password joins every room by itself, and is taken along into later ones
R-028 | met | authentication, delivery, federation, SDK, CLI | A user removes a client, also a lost one, with the password; the last one's places wait seven days for another
R-029 | partly | authentication, SDK, CLI | A user deletes the account with everything; entries of rooms name the user until they expire
R-030 | met | authentication, SDK, CLI | Users are found by their full address only, and by acquaintances alone where they want that
R-031 | partly | SDK, key-packages | A conversation starts while the other is offline; on another server once they have agreed

# Profiles, presence, privacy, contacts
R-032 | met | SDK, CLI | A profile with name, picture and status, of which no server sees anything
R-033 | met | SDK, CLI | Contact details with audiences of their own
R-034 | met | SDK | Profiles change, and the change arrives everywhere, also at who comes later
R-035 | met | SDK | The user decides who sees the profile
R-036 | partly | authentication, SDK, CLI | Switches for being found, asked and added, and for read receipts; there are no previews of links and no diagnostics to switch
R-037 | met | authentication, SDK, CLI | Settings, labels, pinned keys, own names and read positions are the same on all clients, sealed
R-038 | met | protocol, SDK, CLI | Presence is told to contacts by ephemeral messages, ends by silence, and is stored nowhere
R-039 | met | SDK, CLI | Presence set by hand lasts; without activity one becomes idle
R-040 | met | SDK | Presence goes to mutual contacts by direct conversations, as settings permit, and to nobody else
R-041 | partly | SDK, CLI | An activity that is set by hand is shown until it expires; nothing is shared by itself yet, such as a call
R-042 | met | authentication, federation, SDK, CLI | Requests to be contacts
R-043 | met | authentication, key-packages, SDK, CLI | Blocking

# Messaging
R-044 | met | delivery, realtime, federation, SDK | Text between users and in groups in real time, over servers
R-045 | partly | SDK, protocol | Conversations of two; two that began at once stay two
R-046 | partly | SDK | A direct chat has what a group has, as far as there is anything
R-047 | partly | SDK | Bad networks delay and never lose; not measured with loss yet
R-048 | partly | delivery, SDK | Messages carry the hub's time; the sender's own clock is not shown
R-049 | met | SDK, CLI | What was read, and to whom who wishes what has come, is told in small conversations, and can be switched
R-050 | met | delivery, federation, SDK, CLI | Typing is pushed to whoever is connected, over servers, and stored nowhere
R-051 | met | SDK, CLI | Own messages can be edited, and nobody else's
R-052 | met | SDK, CLI, assets | Messages can be deleted for all, wherever they are kept, and their files with them
R-053 | met | SDK, CLI | Reactions, each once for a person
R-054 | met | SDK, CLI | Messages belong to threads, which are listed with what is unread, followed and left
R-055 | met | SDK, CLI | Links with a preview that the sender makes; receivers ask nobody
R-056 | met | SDK, CLI | People, roles and everyone are mentioned, the latter two by whom the room permits it
R-057 | met | SDK, queuing | Messages are kept and read again, whenever client or server died
R-058 | met | SDK, assets | History on a new device, with the password or the recovery key alone
R-059 | open | | Direct paths between clients that agree

# Groups
R-060 | met | delivery, SDK, CLI | Groups are made, renamed, left and deleted for all, over servers; the last one who leaves frees them
R-061 | met | SDK, protocol, CLI | Groups have a name, description, topic and picture that servers cannot read, changed field by field
R-062 | met | delivery, federation, SDK, CLI | Members of any server are added and removed
R-063 | met | protocol, delivery, SDK, CLI | Roles bind what members may do, at the hub and at every client
R-064 | partly | protocol, delivery | What the server holds of a group changes by role; not encrypted at rest
R-065 | open | | Text, voice and video in one group
R-066 | partly | SDK | Group chats of friends with lasting history, on one device each

# Communities and channels
R-067 | open | | Communities
R-068 | open | | Channels of several kinds
R-069 | partly | protocol, delivery, SDK, CLI | Announcement rooms: few write, many read; no communities yet
R-070 | open | | Public and private channels
R-071 | open | | Users make and manage channels
R-072 | met | delivery, SDK, CLI | Invitation links with expiry, uses, role and revocation, over servers

# Roles, moderation, safety
R-073 | met | protocol, SDK, CLI | Owners define roles and assign them; nobody gives what they have not
R-074 | met | protocol, delivery, SDK | Capabilities decide at hub, follower and clients, by one table; what only clients see, by clients
R-075 | met | protocol, delivery, SDK, CLI | Members are muted for a time or for good
R-076 | partly | delivery, SDK, CLI | A member with the right removes another; no communities yet
R-077 | met | protocol, delivery, SDK, CLI | Whoever is banned is out with all clients and stays out
R-078 | met | protocol, SDK, CLI | A record of acts, derived by every client, signed by who did it, chained, with reasons; given to others and checked
R-079 | open | | Reporting abuse with proof
R-080 | open | | Reports tracked to an outcome
R-081 | open | | Content filters

# Files, media, stickers
R-082 | met | content, assets, SDK, CLI | Files of any kind are sent in conversations, octet for octet, over servers
R-083 | met | SDK, content | Previews: made and checked by clients alone, inside the message, which is as long as its number of files says
R-084 | partly | SDK | Files are opened at any place, read whole, or fetched by a rule for small ones; no choice of quality
R-085 | met | protocol, SDK | Files have keys of their own, and nothing of one is handed out before it was verified
R-086 | met | assets, federation, SDK | Encrypted files are kept by the own server and read by members at any server through theirs
R-087 | met | SDK, CLI | A library of files in folders, with tags and a search by name, on all clients; no server reads a name
R-088 | met | content, SDK | Versions of files: two saved at once both stay, one is current, each can be restored
R-089 | partly | assets, SDK | Media stay as long as the operator keeps files, two years by default, and then say that they are gone; nobody shares them again
R-090 | met | protocol, SDK, CLI | Telegram stickers are imported, from a folder or by the user's own token, octet for octet
R-091 | open | | Browsing the own Telegram library
R-092 | partly | SDK, CLI | Stickers are sent and shown, with those used last; there is no composer to pick them in yet
R-093 | met | protocol, SDK, CLI | Packs are shared by link across servers; custom emoji stand in texts and reactions
R-094 | partly | protocol, SDK, CLI | Packs are made of a folder within limits, hostile files refused; there is no editor yet

# Voice and video
R-095 | open | | Voice calls of two
R-096 | open | | Video calls of two
R-097 | open | | Group calls
R-098 | open | | Calls are end-to-end encrypted
R-099 | open | | Joining and leaving at any time
R-100 | open | | Sharing camera or screen
R-101 | open | | Several videos at once
R-102 | open | | Media latency below 400 ms
R-103 | open | | Quality follows the network
R-104 | open | | Hundreds in one call
R-105 | open | | Moderators mute and disconnect
R-106 | open | | Media over WebRTC
R-107 | open | | TURN and STUN
R-108 | open | | Call signalling over the WebSocket
R-109 | open | | Duration and quality are shown

# Notifications
R-110 | open | | Push without content
R-111 | partly | client-sdk | Notifications of mentions, invites and direct messages
R-112 | open | | Calls ring
R-113 | open | | Notifications in the app
R-114 | open | | Sounds and vibration
R-115 | partly | client-sdk | Preferences, the most specific wins

# Bots and integrations
R-116 | open | | Bot accounts
R-117 | partly | cli | Bots hear events
R-118 | open | | Bots post and take commands
R-119 | open | | Roles bind bots
R-120 | open | | Owners control bots
R-121 | partly | homeserver, docs | The API is documented; the SDK has no reference yet
R-122 | open | | Webhooks and other integrations

# Search and organisation
R-123 | met | client-sdk | Search by keyword
R-124 | met | client-sdk | Search by person and place
R-125 | met | client-sdk | Finding a conversation
R-126 | met | client-sdk | Pinned conversations
R-127 | met | client-sdk | Folders

# User interface, customisation, languages
R-128 | open | | Easy to understand
R-129 | open | | Usable without training
R-130 | open | | Desktop and mobile screens
R-131 | open | | A web interface
R-132 | open | | Apps for phones
R-133 | open | | Themes and fonts
R-134 | open | | Several languages
R-135 | open | | Accessibility

# Advanced, AI, other services
R-136 | open | | Bridges to other messengers
R-137 | open | | Chatbots
R-138 | open | | Reply suggestions
R-139 | open | | Voice to text
R-140 | open | | Aggregate engagement figures
R-141 | partly | platform, realtime | Figures of the system's performance; no dashboard is shipped
R-142 | open | | Linked social profiles
R-143 | open | | Calendar

# Operation, deployment, documentation, tests
R-144 | met | homeserver | One command starts a server fit for real-time work
R-145 | partly | homeserver, docs | A database, and a page of all it holds; without the archives yet
R-146 | partly | realtime | A WebSocket that resumes without a gap; not tried behind every proxy
R-147 | partly | platform | Logs without content or names, and metrics; no alert rules yet
R-148 | partly | protocol | Unknown parts are kept and versions carried; no older release to test against
R-149 | open | | Deployable anywhere: container, tarball
R-150 | partly | platform | Migrations go forward, newer data are refused; no rollback yet
R-151 | open | | A user manual
R-152 | partly | docs | Architecture, API and schema documented; not all of it generated
R-153 | partly | docs | Instructions for setting up; the README's are executed, the others not
R-154 | partly | all packages | Unit tests of every part; without a coverage gate
R-155 | partly | all packages | Tests of parts together, two and three servers included; no test of every pair of features
R-156 | open | | Validation with end users

# Performance, scale, availability
R-157 | partly | realtime, bench | Text appears in under 200 ms; measured on one machine
R-158 | partly | bench | Many users at once; figures of one node only
R-159 | open | | File transfers in bounded time
R-160 | open | | Scaling out
R-161 | open | | 99.9 % availability
R-162 | open | | Redundant services
R-163 | partly | platform, backup | Accepted data survive kills, and sealed backups can be put back; no power-cut simulation
R-164 | partly | federation | A server that is away holds up nobody but itself; the parts of one server stand and fall together

# Security and compliance
R-165 | partly | SDK, mls | Everything is end-to-end encrypted; so far that is text and group names
R-166 | partly | peers, platform | Servers speak HTTPS with each other, and the server itself to clients if it has a certificate; a proxy may do it
R-167 | partly | SDK | Client stores are sealed; the server's database is not
R-168 | partly | tests, docs | Threats with tests, fuzzing; no outside audit
R-169 | partly | platform, authentication | No cookies, bound parameters; no web client to attack yet
R-170 | partly | platform | Rate limits, all in one table; not each one's burst is tested
R-171 | partly | authentication | OPAQUE for passwords; no passkeys, and bearer tokens
R-172 | partly | SDK, CLI | Everything of one's own as documented files; nothing reads them in again
R-173 | open | | Data protection law
R-174 | partly | docs | Each stored column has a purpose and an end, on a page and not in code

# From the project's card
C-01 | met | | The folders are where the card says
C-02 | partly | | The named packages do what they stand for; werift waits for calls
C-03 | partly | homeserver | Delivery, authentication, queuing, KeyPackages and peers; assets to come
C-04 | partly | SDK | The SDK does all group cryptography; calls to come
C-05 | met | CLI | A command line test client
C-06 | partly | docs | Walkthroughs for operators, embedders and CLI users; one of three is executed

# Additions
X-01 | met | backup, delivery, SDK | A restore is an event of the protocol
X-02 | open | | History for new members
X-03 | partly | SDK | Divergence is noticed; clients do not publish their health yet
X-04 | open | | Verifiable abuse reports
X-05 | met | protocol, SDK, CLI | Safety numbers of contacts and of a conversation's state, as digits and as text for a QR code
X-06 | open | | Key transparency
X-07 | open | | Post-quantum suites
X-08 | open | | Disappearing messages
X-09 | partly | SDK, CLI | Replies name what they answer; nothing quotes it
X-10 | open | | Pinned messages
X-11 | open | | Voice messages
X-12 | open | | Polls
X-13 | open | | Drafts
X-14 | open | | Resumable uploads
X-15 | open | | Push without content
X-16 | open | | Web push
X-17 | open | | Shared ban lists
X-18 | partly | authentication, CLI | Invites are managed from the command line and over HTTP; no page
X-19 | partly | homeserver, SDK | Tests of two and more servers; there is no older release to test against
X-20 | met | federation-spec | A black-box conformance suite for any homeserver, with faults that it must notice
X-21 | open | | Moving a room or an account
X-22 | open | | Group state at rest only clients can open
X-23 | open | | Deletion that reaches everything
`);

/** The numbered attacks that the design is held against; see `docs/security.md`. */
export const attacks: readonly Row[] = parse(`
# Attacks
T-01 | met | mls, delivery | The server adds members: a leaf enters by a signed commit of a member or its own user only
T-02 | met | protocol | Confused identifiers: every signed thing has a label, every kind of id a form of its own
T-03 | met | mls, SDK | A sender spoofed by the server: the sender shown is the leaf's
T-04 | met | SDK | Edits, deletions and reactions by others than the author, or whom the rules permit, change nothing
T-05 | met | mls | Keys of low order are refused wherever a key enters
T-06 | met | mls | Signatures that half of the clients accept: one accept rule everywhere
T-07 | met | mls | Shortened MACs and tags: exact length only
T-08 | partly | mls, SDK | Members added in silence: every commit is an event, and a changed key stops sending until it is accepted; a new member does not
T-09 | met | authentication, delivery, mls | Ghost devices: no client without its user's signature in a room
T-10 | met | protocol | One key for two purposes: a registry of labels
T-11 | met | backup, SDK | Compressed backups: the server's and the users' are padded and never compressed
T-12 | met | authentication | A replayed login: the proof names server, login and client, and holds once
T-13 | met | delivery, SDK | Reordering: hash-chained positions from the hub, and counters that senders sign
T-14 | met | SDK | Content sent again by a member: the message id covers sender and room, and each message has a signed place
T-15 | met | SDK | A server that forks or withholds: a broken chain stops the room, and the first message from another fork is told
T-16 | met | delivery, mls | An invalid commit let through: the hub checks everything that it can see
T-17 | met | delivery, SDK, mls | Path secrets that the hub cannot check: signed reports of two users void the commit, and the room goes on
T-18 | met | mls, delivery, SDK | External commits: for clients of participants and bearers of a ticket, replacing no other user's leaf
T-19 | met | mls | Malleable signatures: suites with Ed25519 only
T-20 | met | SDK, delivery | Rejoining from a stale state: never behind what was seen, unless the hub signed that it was set back
T-21 | met | mls | Trees with false parents or leaves: all of RFC 9420's checks, and the official vectors
T-22 | met | mls | Trees that cost time: work follows the size of the tree
T-23 | met | key-packages | KeyPackages exhausted: each goes once, and few per hour and pair
T-24 | met | mls, SDK | A Welcome replayed: its secret is gone
T-25 | met | mls, key-packages | KeyPackages for ever: lifetimes bounded on upload, claim and add
T-26 | met | delivery | The loser's Welcome delivered: it travels with its commit, or not at all
T-27 | met | delivery, mls, SDK | Late messages: a window of epochs, and the same message id again
T-28 | open | | Correlated metadata: rooms and users stand side by side in the server's tables
T-29 | open | | Push metadata: there is no push yet
T-30 | met | platform, assets, SDK, cli | Guessed or leaked addresses open nothing: ids and bearers travel in no URL that is logged, no path leads out of its place, and no file that lies there is taken for the beginning of another
T-31 | met | homeserver | Decoders on the server: it fetches no URL that a user or a peer made up, and decodes no media
T-32 | open | | Replayed media frames: there are no calls yet
T-33 | open | | Nonces used twice in calls: there are no calls yet
T-34 | open | | Spoofed speakers: there are no calls yet
T-35 | open | | Ghosts in calls: there are no calls yet
T-36 | partly | platform, protocol, cli | Script injection: keys of prototypes are unknown fields; no text of others steers a terminal or begins a line there; the page of the SDK's documentation shows 525 payloads as text under a strict policy; no web client yet
T-37 | partly | authentication, backup, SDK | Swapped bundles and backups: sealed, and damaged, cut, swapped or older ones refused; to a client that knows nothing yet, an old backup that is whole is one
T-38 | partly | SDK | Sticker bombs: files are read within limits at both ends; drawing apart is for the web client
T-39 | met | mls, delivery, SDK | Dear input: caps before work, and bounded work below them
T-40 | met | SDK, homeserver | Injected SQL: statements are fixed, values bound
T-41 | met | delivery, SDK, cli | A poison item: it is told and passed over, and the next one arrives
`).flatMap(({ rows }) => rows);

function parse(text: string): readonly Section[] {
  return text
    .split(/^# /m)
    .slice(1)
    .map((part) => {
      const [title = "", ...lines] = part.split("\n").filter((line) => line !== "");
      return { title, rows: lines.map(parseRow) };
    });
}

function parseRow(line: string): Row {
  const [id = "", state, where, words] = line.split("|").map((cell) => cell.trim());
  const known = state === "met" || state === "partly" || state === "open";
  if (!known || where === undefined || words === undefined) {
    throw new Error(`not a row: ${line}`);
  }
  return { id, state, where, words };
}
