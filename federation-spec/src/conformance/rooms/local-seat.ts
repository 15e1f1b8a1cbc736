import {
  encodeRoomState,
  firstPrevious,
  foundRoomRequestCodec,
  foundRoomResponseCodec,
  fromBase64Url,
  paths,
  reserveRoomAnswerSchema,
  submitMessageResponseCodec,
  template,
  treeResponseCodec,
  updateRoomResponseCodec,
  verifyHead,
} from "@treehouse/protocol";
import type { Bytes, Domain, RoomUri, UserUri } from "@treehouse/protocol";
import type { Account } from "../clients/account.ts";
import type { MlsGroup } from "../driver.ts";
import type { Answer } from "../http/answer.ts";
import { ensure, Failed, present } from "../outcome.ts";
import { verifySignature } from "../../signing-keys.ts";
import { commitRequest, Seat } from "./seat.ts";

type Intent = Parameters<MlsGroup["prepareCommit"]>[0];

/** A client of the tested server in a room, which speaks to its own server alone. */
export class LocalSeat extends Seat {
  readonly account: Account;

  constructor(
    account: Account,
    place: { readonly room: RoomUri; readonly hubKey: Bytes },
    group: MlsGroup,
    last: { readonly position: number; readonly hash: Bytes | undefined },
  ) {
    super(account, place, group, last);
    this.account = account;
  }

  /** Applies everything that the client may read. */
  async sync(): Promise<void> {
    for (;;) {
      const entries = await this.account.entries(this.room, this.position);
      if (entries.length === 0) return;
      for (const entry of entries) await this.apply(entry);
    }
  }

  /** Sends an UpdateRequest. */
  async offer(body: Uint8Array): Promise<Answer> {
    return this.account.ask("POST", paths.update(this.room), body);
  }

  /** Commits, fails unless the hub accepts it, and applies it. */
  async commit(intent: Intent): Promise<void> {
    const body = commitRequest(await this.prepare(intent));
    const response = (await this.offer(body)).struct("a commit", updateRoomResponseCodec);
    if (response.code !== "success") throw new Failed(`a commit is answered ${response.code}`);
    ensure(verifyHead(response.head, this.hubKey, verifySignature), "a head is not the hub's");
    await this.sync();
  }

  /** Sends a text and answers its position; fails unless the hub accepts it. */
  async say(text: string): Promise<number> {
    const body = await this.message(text);
    const answer = await this.account.ask("POST", paths.messages(this.room), body);
    const response = answer.struct("a message", submitMessageResponseCodec);
    if (response.status !== "accepted") throw new Failed(`a message is ${response.status}`);
    return response.position;
  }
}

/** Founds a room of which the tested server is the hub: a group, or with a peer a direct one. */
export async function foundRoom(account: Account, hub: Domain, peer?: UserUri): Promise<LocalSeat> {
  const kind = peer === undefined ? "group" : "direct";
  const reserved = reserveRoomAnswerSchema.parse(
    (await account.ask("POST", paths.rooms(), { template: kind })).ok("a reservation").json,
  );
  const hubKey = fromBase64Url(reserved.hubKey);
  const founding = { founder: account.user, hub, term: reserved.term };
  const state =
    peer === undefined ? template("group", founding) : template("direct", { ...founding, peer });
  const { group, groupInfo, ratchetTree } = await account.driver.createGroup(account.identity, {
    group: reserved.group,
    roomState: encodeRoomState(state),
    hubKey,
    hubDomain: hub,
  });
  const body = foundRoomRequestCodec.encode({ groupInfo, ratchetTree });
  const answer = await account.ask("POST", paths.found(reserved.room), body);
  const { head } = answer.struct("the founding of a room", foundRoomResponseCodec);
  ensure(verifyHead(head, hubKey, verifySignature), "a founding's head is not the hub's");
  const last = { position: 0, hash: firstPrevious };
  return new LocalSeat(account, { room: reserved.room, hubKey }, group, last);
}

/** Joins by the Welcome in the client's inbox, and acknowledges it. */
export async function joinLocally(
  account: Account,
  room: RoomUri,
  hubKey: Bytes,
): Promise<LocalSeat> {
  const entry = present(await account.welcomeOf(room), "there is no Welcome in the inbox");
  const { epoch, position, welcome, head } = entry.welcome;
  const tree = (await account.get(paths.tree(room, epoch))).struct("a tree", treeResponseCodec);
  const { group } = await account.driver.joinWelcome(account.identity, {
    welcome,
    ratchetTree: tree.nodes,
    secrets: account.secretOf,
    at: entry.acceptedAt,
  });
  await account.acknowledge(account.client, entry.position);
  ensure(verifyHead(head, hubKey, verifySignature), "a Welcome's head is not the hub's");
  const last = { position, hash: head.head.hash };
  return new LocalSeat(account, { room, hubKey }, group, last);
}
