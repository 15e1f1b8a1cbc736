import {
  ACCOUNT_EVENTS,
  formatAddress,
  keyMaterialRequestCodec,
  keyMaterialResponseCodec,
  mintRoomUri,
} from "@treehouse/protocol";
import type { ConsentEntry, ItemBody, RoomUri, UserUri } from "@treehouse/protocol";
import { unchanged } from "../clients/account.ts";
import type { Account } from "../clients/account.ts";
import { keyMaterialRequest, random } from "../clients/person.ts";
import { agree, ensure, present } from "../outcome.ts";
import type { PeerServer, PeerUser } from "../peers/server.ts";
import { hostedRoom } from "../rooms/hosted-room.ts";
import { comeIn } from "../rooms/come-in.ts";
import { emptyRoom } from "../rooms/hosted-room.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import type { World } from "../world.ts";

/** Who may add whom. */
export const consentRules: readonly Rule[] = [
  rule("FED-960", "a server speaks of consent for its own users, to the receiver's", {
    "anything else is rejected": async (world) => {
      const { peer, clara } = await scene(world);
      const user = peer.user(`speaker-${peer.users.size}`).user;
      const other = (await world.knownPeer("b")).user("another").user;
      const own = peer.user(`own-${peer.users.size}`).user;
      const wrong: readonly ConsentEntry[] = [
        about("request", other, clara.user),
        about("cancel", other, clara.user),
        about("grant", clara.user, other),
        about("revoke", clara.user, other),
        // In the receiver's own name.
        about("request", clara.user, user),
        about("cancel", clara.user, user),
        about("grant", user, clara.user),
        about("revoke", user, clara.user),
        // About others alone.
        about("request", user, own),
        about("request", user, other),
      ];
      await unchanged([clara], async () => {
        const verdicts = await peer.outgoing.verdicts(wrong.map(consent));
        agree(
          "the verdicts",
          verdicts,
          wrong.map(() => "notAllowed"),
        );
      });
    },
  }),
  rule("FED-961", "a request for any room is a grant of oneself", {
    "the one who is asked may add whoever asks": async (world) => {
      const { peer, clara } = await scene(world);
      const user = peer.user(`asker-${peer.users.size}`);
      await peer.outgoing.deliver([
        consent(about("request", user.user, clara.user, { note: "It is me" })),
      ]);
      const contact = present(await clara.contact(user.user), "Clara sees no request");
      const { state, mayAdd, note } = contact;
      agree(
        "what she sees",
        { state, mayAdd, note },
        { state: "incoming", mayAdd: true, note: "It is me" },
      );
      const events = (await clara.inbox(0)).filter((entry) => entry.kind === "accountEvent");
      const names = events.map(({ event }) => event.name);
      ensure(names.includes(ACCOUNT_EVENTS.contactRequested), "nothing is in her inbox");
    },
    "a request for one room is not": async (world) => {
      const { peer, clara } = await scene(world);
      const user = peer.user(`asker-${peer.users.size}`);
      const room = mintRoomUri(peer.domain, random);
      await peer.outgoing.deliver([consent(about("request", user.user, clara.user, { room }))]);
      const contact = present(await clara.contact(user.user), "Clara sees no request");
      agree("whether she may add who asks", contact.mayAdd, false);
    },
    "its own users' requests come so": async (world) => {
      const { peer, clara } = await scene(world);
      const user = peer.user(`asked-${peer.users.size}`);
      await clara.toContact("contactRequest", user.user, { note: "It is Clara" });
      const entry = await heard(world, peer, "request", user.user);
      agree(
        "who asks whom, for which room, and why",
        [entry.requester, entry.target, entry.room, entry.note],
        [clara.user, user.user, undefined, "It is Clara"],
      );
    },
  }),
  rule("FED-962", "each operation may come again without another effect", {
    "a request for what is granted is answered with the grant": async (world) => {
      const { peer, clara } = await scene(world);
      const user = peer.user(`again-${peer.users.size}`);
      const asks = consent(about("request", user.user, clara.user));
      await peer.outgoing.deliver([asks, asks]);
      await clara.toContact("contactAccept", user.user);
      await heard(world, peer, "grant", user.user);
      const grants = () =>
        said(peer).filter((each) => each.operation === "grant" && each.requester === user.user);
      const before = grants().length;
      await unchanged([clara], async () => {
        await peer.outgoing.deliver([asks]);
        await world.until("the grant again", () => (grants().length > before ? true : undefined));
      });
    },
    "cancelling and revoking twice": async (world) => {
      const { peer, clara } = await scene(world);
      const user = peer.user(`twice-${peer.users.size}`);
      await peer.outgoing.deliver([consent(about("request", user.user, clara.user))]);
      const [cancel, revoke] = [
        consent(about("cancel", user.user, clara.user)),
        consent(about("revoke", clara.user, user.user)),
      ];
      await peer.outgoing.deliver([cancel, revoke]);
      await unchanged([clara], async () => {
        const verdicts = await peer.outgoing.verdicts([cancel, revoke, cancel]);
        agree("the verdicts", verdicts, [undefined, undefined, undefined]);
      });
    },
  }),
  rule("FED-964", "who is blocked or too many learns nothing", {
    "a request to somebody who does not exist is received like any other": async (world) => {
      const { peer, clara } = await scene(world);
      const user = peer.user(`asker-${peer.users.size}`);
      await unchanged([clara], async () => {
        const asks = consent(about("request", user.user, world.nobody()));
        agree("the verdict", await peer.outgoing.verdicts([asks]), [undefined]);
      });
    },
    "so is one of somebody who is blocked": async (world) => {
      const { peer, clara } = await scene(world);
      const user = peer.user(`blocked-${peer.users.size}`);
      const asks = consent(about("request", user.user, clara.user));
      await peer.outgoing.deliver([asks]);
      const before = said(peer).filter((each) => concerns(each, user.user)).length;
      await clara.toContact("contactBlock", user.user);
      await unchanged([clara], async () => {
        agree("the verdict", await peer.outgoing.verdicts([asks]), [undefined]);
      });
      // What is said to another user comes later in the stream.
      await after(world, peer, clara);
      const told = said(peer).filter((each) => concerns(each, user.user));
      const words = told.slice(before).map(({ operation }) => operation);
      ensure(!words.includes("grant"), "the blocked one was let in");
    },
    "and a declined one hears nothing": async (world) => {
      const { peer, clara } = await scene(world);
      const user = peer.user(`declined-${peer.users.size}`);
      await peer.outgoing.deliver([consent(about("request", user.user, clara.user))]);
      await clara.toContact("contactDecline", user.user);
      await after(world, peer, clara);
      agree(
        "what was said",
        said(peer).filter((each) => concerns(each, user.user)),
        [],
      );
    },
  }),
  rule("FED-965", "a grant that nobody asked for is dropped", {
    "it shows nowhere": async (world) => {
      const { peer, clara } = await scene(world);
      const user = peer.user(`pushing-${peer.users.size}`);
      await unchanged([clara], async () => {
        const grants = consent(about("grant", clara.user, user.user));
        agree("the verdict", await peer.outgoing.verdicts([grants]), [undefined]);
      });
      agree("the contact", await clara.contact(user.user), undefined);
    },
    "one that was asked for is taken": async (world) => {
      const { peer, clara } = await scene(world);
      const user = peer.user(`asked-${peer.users.size}`);
      await clara.toContact("contactRequest", user.user);
      await heard(world, peer, "request", user.user);
      await peer.outgoing.deliver([consent(about("grant", clara.user, user.user))]);
      agree("whether she may add", (await clara.contact(user.user))?.mayAdd, true);
      await peer.outgoing.deliver([consent(about("revoke", clara.user, user.user))]);
      agree("and after it was taken back", (await clara.contact(user.user))?.mayAdd, false);
    },
  }),
  rule("FED-966", "a grant is for any room, or for the one that it names", {
    "a grant for one room opens that one": async (world) => {
      const { peer, clara } = await scene(world);
      const user = peer.user(`narrow-${peer.users.size}`);
      const [room, other] = [mintRoomUri(peer.domain, random), mintRoomUri(peer.domain, random)];
      await peer.outgoing.deliver([consent(about("request", user.user, clara.user, { room }))]);
      await clara.toContact("contactAccept", user.user, { room });
      const grant = await heard(world, peer, "grant", user.user);
      agree("the room of the grant", grant.room, room);
      agree("for the room", await claim(world, peer, user, clara, room), "success");
      await unchanged([clara], async () => {
        for (const elsewhere of [other, undefined]) {
          ensure(
            (await claim(world, peer, user, clara, elsewhere)) !== "success",
            "it opens another room as well",
          );
        }
      });
    },
  }),
  rule("FED-967", "a grant that is taken back gives nothing more", {
    "from then on": async (world) => {
      const { peer, clara } = await scene(world);
      const user = peer.user(`former-${peer.users.size}`);
      await peer.outgoing.deliver([consent(about("request", user.user, clara.user))]);
      await clara.toContact("contactAccept", user.user);
      agree("with the grant", await claim(world, peer, user, clara, undefined), "success");
      await clara.withdraw(user.user);
      await heard(world, peer, "revoke", user.user);
      await unchanged([clara], async () => {
        agree("without it", await claim(world, peer, user, clara, undefined), "noConsent");
      });
    },
  }),
  rule("FED-968", "without consent a person comes into a room only by an own act", {
    "an external commit into a room that names the person": async (world) => {
      const peer = await world.knownPeer("a");
      const guest = peer.user(`invited-${peer.users.size}`);
      const alice = await emptyRoom(world, guest);
      const position = await comeIn(peer, guest, alice.room, alice.hubKey);
      await alice.sync();
      agree("the position of the commit", alice.position, position);
      const clients = alice.group.members().map(({ client }) => client);
      ensure(clients.includes(guest.client), "the guest is not in the room");
    },
  }),
  rule("FED-969", "a user who is deleted is gone everywhere", {
    "contacts and rooms": async (world) => {
      const { room, alice, guest, peer } = await hostedRoom(world);
      const { user } = guest.member;
      const { clara } = await scene(world);
      await peer.outgoing.deliver([consent(about("request", user, clara.user))]);
      agree("the contact before", (await clara.contact(user))?.state, "incoming");
      const item: ItemBody = { kind: "userDeleted", user, deletedAt: Date.now() };
      agree("the verdict", await peer.outgoing.verdicts([item]), [undefined]);
      agree("the contact after", await clara.contact(user), undefined);
      await world.eventually("the removal to be proposed", async () => {
        await alice.sync();
        return alice.entries.some(({ kind }) => kind === "proposal");
      });
      await alice.commit({});
      ensure(
        !alice.group.members().some(({ client }) => client === guest.member.client),
        "still in",
      );
      ensure(alice.room === room, "the room is the same");
    },
    "by nobody else's word": async (world) => {
      const { alice, guest, peer } = await hostedRoom(world);
      const other = await world.knownPeer("b");
      const mine: ItemBody = { kind: "userDeleted", user: guest.member.user, deletedAt: 0 };
      const theirs: ItemBody = { kind: "userDeleted", user: alice.account.user, deletedAt: 0 };
      await unchanged([alice.account], async () => {
        agree("of another server's user", await other.outgoing.verdicts([mine]), ["notAllowed"]);
        agree("of the receiver's user", await peer.outgoing.verdicts([theirs]), ["notAllowed"]);
      });
    },
  }),
  rule("FED-971", "contacts are told when an account was reset", {
    "those of the receiver, and nothing else follows": async (world) => {
      const { peer, clara } = await scene(world);
      const user = peer.user(`reset-${peer.users.size}`);
      await peer.outgoing.deliver([consent(about("request", user.user, clara.user))]);
      agree("the contact before", (await clara.contact(user.user))?.state, "incoming");
      const item = resetOf(user.user);
      agree("the verdict", await peer.outgoing.verdicts([item]), [undefined]);
      agree("the contact after", (await clara.contact(user.user))?.state, "incoming");
    },
    "by nobody else's word": async (world) => {
      const { peer, clara } = await scene(world);
      const other = await world.knownPeer("b");
      const mine = resetOf(peer.user(`not-reset-${peer.users.size}`).user);
      await unchanged([clara], async () => {
        agree("of another server's user", await other.outgoing.verdicts([mine]), ["notAllowed"]);
        const theirs = await peer.outgoing.verdicts([resetOf(clara.user)]);
        agree("of the receiver's user", theirs, ["notAllowed"]);
      });
    },
  }),
];

function resetOf(user: UserUri): ItemBody {
  return { kind: "userReset", user, resetAt: Date.now(), identityKey: new Uint8Array(32).fill(7) };
}

type Scope = { readonly room?: RoomUri; readonly note?: string };

async function scene(world: World) {
  return { peer: await world.knownPeer("consenting"), clara: await world.account("clara") };
}

function about(
  operation: ConsentEntry["operation"],
  requester: UserUri,
  target: UserUri,
  { room, note = "" }: Scope = {},
): ConsentEntry {
  return { operation, requester, target, room, note, at: Date.now() };
}

function consent(entry: ConsentEntry): ItemBody {
  return { kind: "consent", entry };
}

/** What the tested server has said of consent to the server. */
function said(peer: PeerServer): readonly ConsentEntry[] {
  return peer.incoming.items.flatMap(({ body }) => (body?.kind === "consent" ? [body.entry] : []));
}

function concerns({ requester, target }: ConsentEntry, user: UserUri): boolean {
  return requester === user || target === user;
}

async function heard(
  world: World,
  peer: PeerServer,
  operation: ConsentEntry["operation"],
  user: UserUri,
): Promise<ConsentEntry> {
  return world.until(`a ${operation} about ${formatAddress(user)}`, () =>
    said(peer).find((entry) => entry.operation === operation && concerns(entry, user)),
  );
}

/** Waits until something that is said now has come, and with it all that was said before. */
async function after(world: World, peer: PeerServer, account: Account): Promise<void> {
  const user = peer.user(`marker-${peer.users.size}`).user;
  await account.toContact("contactRequest", user);
  await heard(world, peer, "request", user);
}

async function claim(
  world: World,
  peer: PeerServer,
  user: PeerUser,
  account: Account,
  room: RoomUri | undefined,
): Promise<string> {
  await world.stockUp(account);
  const request = keyMaterialRequest(user.person, account.user, room);
  const body = keyMaterialRequestCodec.encode(request);
  const answer = await peer.ask({ endpoint: "keyMaterial", value: account.user, body });
  return answer.struct("a claim", keyMaterialResponseCodec).status;
}
