import assert from "node:assert/strict";
import { createGroup, joinExternal, joinWelcome, loadGroup } from "@treehouse/mls/member";
import type { CommitIntent, MemberGroup, PreparedCommit } from "@treehouse/mls/member";
import {
  decodeEntry,
  encodeRoomState,
  encodeSafeAad,
  entriesPageCodec,
  entryHash,
  equalBytes,
  firstPrevious,
  foundRoomRequestCodec,
  foundRoomResponseCodec,
  groupInfoPlaintextCodec,
  groupInfoRequestCodec,
  groupInfoResponseCodec,
  inboxEntryCodec,
  LABELS,
  parseGroupUri,
  parseRoomUri,
  paths,
  acknowledgementCodec,
  fromBase64Url,
  reserveRoomAnswerSchema,
  signedBytes,
  signGroupInfoRequest,
  submitMessageRequestCodec,
  submitMessageResponseCodec,
  template,
  toHex,
  treeResponseCodec,
  updateRequestCodec,
  updateRoomResponseCodec,
  utf8Encode,
  verifyGroupInfoResponse,
  verifyHead,
} from "@treehouse/protocol";
import type {
  Bytes,
  Entry,
  GroupInfoPlaintext,
  GroupUri,
  RoomUri,
  SignedHead,
  UserUri,
} from "@treehouse/protocol";
import type { Answer, Person } from "./person.ts";

/** What a room's clients know of it from its reservation or a Welcome. */
export type RoomNames = {
  readonly room: RoomUri;
  readonly group: GroupUri;
  readonly hubKey: Bytes;
};

/** One client of one room: its MLS group, and the room's log as far as it has read it. */
export class Seat {
  readonly person: Person;
  readonly room: RoomUri;
  readonly hubKey: Bytes;
  group: MemberGroup;
  /** Position and hash of the last entry that was applied. */
  position: number;
  hash: Bytes | undefined;
  /** The own external commit, which is adopted already. */
  joinedBy: Bytes | undefined;
  readonly entries: Entry[] = [];
  /** Texts of others, in the order of their positions. */
  readonly texts: string[] = [];
  readonly #rows = new Map<string, Bytes>();
  readonly #own = new Set<string>();

  constructor(person: Person, names: Omit<RoomNames, "group">, group: MemberGroup, after: number) {
    this.person = person;
    this.room = names.room;
    this.hubKey = names.hubKey;
    this.group = group;
    this.position = after;
    this.hash = after === 0 ? firstPrevious : undefined;
  }

  aad(epoch: number = this.group.epoch): Bytes {
    const treehouse = { epoch, forkTag: new Uint8Array(16), lastPosition: this.position };
    return encodeSafeAad({ treehouse, others: [] });
  }

  async prepare(intent: CommitIntent): Promise<PreparedCommit> {
    return this.group.prepareCommit(intent, this.aad());
  }

  /** The bundle of a prepared commit. */
  bundle(prepared: PreparedCommit, first?: Bytes): Bytes {
    return updateRequestCodec.encode({
      kind: "commit",
      commit: prepared.commit,
      welcome: prepared.welcome,
      groupInfo: prepared.groupInfo,
      firstMessage: first === undefined ? undefined : submitMessageRequestCodec.decode(first),
    });
  }

  async update(bytes: Bytes): Promise<Answer> {
    return this.person.request("POST", paths.update(this.room), bytes);
  }

  /** Commits and applies the commit; fails unless it is accepted. */
  async commit(intent: CommitIntent): Promise<SignedHead> {
    const answer = await this.update(this.bundle(await this.prepare(intent)));
    accepted(answer);
    const response = updateRoomResponseCodec.decode(answer.body);
    if (response.code !== "success") throw new Error(response.code);
    assert.ok(this.verifies(response.head));
    await this.sync();
    return response.head;
  }

  verifies(head: SignedHead): boolean {
    return verifyHead(head, this.hubKey, (key, message, signature) =>
      this.person.rig.crypto.verify(key, message, signature),
    );
  }

  /** An encoded submission of a text. */
  async seal(text: string, group: MemberGroup = this.group): Promise<Bytes> {
    const message = await group.encrypt(utf8Encode(text), this.aad(group.epoch));
    this.#own.add(toHex(message));
    return this.submission(message);
  }

  submission(message: Bytes, sendingUri: UserUri = this.person.user): Bytes {
    return submitMessageRequestCodec.encode({ ephemeral: false, message, sendingUri });
  }

  async submit(bytes: Bytes): Promise<Answer> {
    return this.person.request("POST", paths.messages(this.room), bytes);
  }

  /** Sends a text and answers its position; fails unless it is accepted. */
  async say(text: string): Promise<number> {
    const answer = await this.submit(await this.seal(text));
    accepted(answer);
    const response = submitMessageResponseCodec.decode(answer.body);
    if (response.status !== "accepted") throw new Error(response.status);
    return response.position;
  }

  /** A second group at the same point, to look ahead without moving the first. */
  async copy(): Promise<MemberGroup> {
    this.#keepRows();
    return loadGroup(this.person.context, this.person.identity, new Map(this.#rows));
  }

  /** Reads everything that this client may read, checks the chain and applies it. */
  async sync(): Promise<void> {
    for (;;) {
      const answer = await this.person.request(
        "GET",
        paths.entries(this.room, { after: this.position, limit: 256 }),
      );
      accepted(answer);
      const { entries } = entriesPageCodec.decode(answer.body);
      if (entries.length === 0) return;
      for (const bytes of entries) await this.#apply(bytes);
    }
  }

  async #apply(bytes: Bytes): Promise<void> {
    const entry = decodeEntry(bytes);
    assert.equal(entry.position, this.position + 1);
    if (this.hash !== undefined) assert.ok(equalBytes(entry.previous, this.hash));
    this.position = entry.position;
    this.hash = entryHash(bytes);
    this.entries.push(entry);
    if (!this.group.active) return;
    switch (entry.kind) {
      case "commit":
        if (this.joinedBy === undefined || !equalBytes(entry.commit, this.joinedBy)) {
          await this.group.processCommit(entry.commit, entry);
        }
        if (!this.group.active) return;
        assert.equal(this.group.epoch, entry.epoch + 1);
        for (const proposal of entry.externalProposals) await this.group.processProposal(proposal);
        return;
      case "proposal":
        for (const proposal of entry.proposals) await this.group.processProposal(proposal);
        return;
      case "application":
        if (this.#own.has(toHex(entry.message))) return;
        this.texts.push(
          new TextDecoder().decode((await this.group.decrypt(entry.message)).plaintext),
        );
        return;
      case "void":
      case "tombstone":
        throw new Error(`an entry of kind ${entry.kind}`);
    }
  }

  #keepRows(): void {
    const { put, delete: gone } = this.group.takeChanges();
    for (const [name, row] of put) this.#rows.set(name, row);
    for (const name of gone) this.#rows.delete(name);
  }
}

/** Throws the refusal, if it was one. */
export function accepted(answer: Answer): Answer {
  if (answer.refusal !== undefined) throw answer.refusal;
  return answer;
}

export async function reserve(
  person: Person,
  kind: "direct" | "group" = "group",
): Promise<RoomNames> {
  const answer = await person.request("POST", paths.rooms(), { template: kind });
  assert.equal(answer.status, 201);
  const json: unknown = JSON.parse(new TextDecoder().decode(answer.body));
  const { room, group, hubKey } = reserveRoomAnswerSchema.parse(json);
  return {
    room: parseRoomUri(room),
    group: parseGroupUri(group),
    hubKey: fromBase64Url(hubKey),
  };
}

/** The request that founds a reserved room, and the group that it is made of. */
export async function prepareFounding(
  person: Person,
  names: RoomNames,
  roomState: Bytes = groupState(person),
): Promise<{ readonly group: MemberGroup; readonly request: Bytes }> {
  const { group, groupInfo, ratchetTree } = await createGroup(person.context, person.identity, {
    group: names.group,
    roomState,
    hubKey: names.hubKey,
    hubDomain: person.rig.domain,
  });
  return { group, request: foundRoomRequestCodec.encode({ groupInfo, ratchetTree }) };
}

export function groupState({ user, rig }: Person): Bytes {
  return encodeRoomState(template("group", { founder: user, hub: rig.domain, term: 1 }));
}

/** Reserves and founds a room. */
export async function foundRoom(person: Person): Promise<Seat> {
  const names = await reserve(person);
  const { group, request } = await prepareFounding(person, names);
  const answer = await person.request("POST", paths.found(names.room), request);
  accepted(answer);
  const seat = new Seat(person, names, group, 0);
  assert.ok(seat.verifies(foundRoomResponseCodec.decode(answer.body).head));
  return seat;
}

/** Reads the last Welcome of the inbox, fetches its tree, joins, and acknowledges. */
export async function joinByWelcome(person: Person, hubKey: Bytes): Promise<Seat> {
  const welcomes = await readInbox(person);
  const entry = welcomes.at(-1);
  if (entry === undefined || entry.kind !== "welcome") throw new Error("no Welcome");
  const { room, epoch, position, welcome, head } = entry.welcome;
  const tree = await person.request("GET", paths.tree(room, epoch));
  accepted(tree);
  const { group, keyPackageRef } = await joinWelcome(person.context, person.identity, {
    welcome,
    ratchetTree: treeResponseCodec.decode(tree.body).nodes,
    secrets: (ref) => person.secrets.get(toHex(ref)),
    at: entry.acceptedAt,
  });
  person.secrets.delete(toHex(keyPackageRef));
  const cursors = [{ stream: person.client, position: entry.position }];
  await person.request("POST", paths.acknowledgements(), acknowledgementCodec.encode(cursors));
  person.inboxPosition = entry.position;
  const seat = new Seat(person, { room, hubKey }, group, position);
  seat.hash = head.head.hash;
  assert.ok(seat.verifies(head));
  return seat;
}

export async function readInbox(person: Person) {
  const answer = await person.request(
    "GET",
    paths.entries(person.client, { after: person.inboxPosition, limit: 256 }),
  );
  accepted(answer);
  return entriesPageCodec.decode(answer.body).entries.map((bytes) => inboxEntryCodec.decode(bytes));
}

/** A founder's room with the others in it, all in the same epoch. */
export async function openRoom(
  founder: Person,
  others: readonly Person[],
): Promise<{ readonly first: Seat; readonly rest: readonly Seat[] }> {
  const first = await foundRoom(founder);
  const add = await Promise.all(others.map((other) => other.keyPackage()));
  if (add.length > 0) await first.commit({ add });
  const rest: Seat[] = [];
  for (const other of others) rest.push(await joinByWelcome(other, first.hubKey));
  return { first, rest };
}

export async function openPair(founder: Person, other: Person): Promise<readonly [Seat, Seat]> {
  const first = await foundRoom(founder);
  await first.commit({ add: [await other.keyPackage()] });
  return [first, await joinByWelcome(other, first.hubKey)];
}

export async function openTrio(
  founder: Person,
  second: Person,
  third: Person,
): Promise<readonly [Seat, Seat, Seat]> {
  const first = await foundRoom(founder);
  await first.commit({ add: [await second.keyPackage(), await third.keyPackage()] });
  return [
    first,
    await joinByWelcome(second, first.hubKey),
    await joinByWelcome(third, first.hubKey),
  ];
}

/** An encoded request for a GroupInfo, and the key that opens its answer. */
export function askGroupInfo(
  person: Person,
  room: RoomUri,
): { readonly request: Bytes; readonly open: (answer: Bytes) => GroupInfoPlaintext } {
  const { crypto } = person.rig;
  const keys = crypto.hpkeGenerateKeyPair();
  const request = signGroupInfoRequest(
    {
      ciphersuite: 1,
      requestingSignatureKey: person.identity.signaturePublicKey,
      requestingCredential: { identity: utf8Encode(person.client) },
      groupInfoPublicKey: keys.publicKey,
      joiningCode: undefined,
    },
    room,
    (message) => crypto.sign(person.identity.signaturePrivateKey, message),
  );
  return {
    request: groupInfoRequestCodec.encode(request),
    open(answer) {
      const response = groupInfoResponseCodec.decode(answer);
      if (response.status !== "success") throw new Error(response.status);
      const verify = (key: Bytes, message: Bytes, signature: Bytes) =>
        crypto.verify(key, message, signature);
      assert.ok(verifyGroupInfoResponse(response, verify));
      const info = signedBytes(LABELS.groupInfoSealing, utf8Encode(room));
      const { kemOutput, ciphertext } = response.sealed;
      const none = new Uint8Array(0);
      return groupInfoPlaintextCodec.decode(
        crypto.hpkeOpen(keys.privateKey, kemOutput, info, none, ciphertext),
      );
    },
  };
}

/** Comes (back) into a room by an external commit that replaces the client's former leaf. */
export async function rejoin(
  former: Seat,
): Promise<{ readonly seat: Seat; readonly answer: Answer }> {
  const { person, room, hubKey } = former;
  const asked = askGroupInfo(person, room);
  const sealed = await person.request("POST", paths.groupInfo(room), asked.request);
  accepted(sealed);
  const { groupInfo, ratchetTree, position } = asked.open(sealed.body);
  if (ratchetTree === undefined) throw new Error("no tree");
  const { prepared, group } = await joinExternal(person.context, person.identity, {
    groupInfo,
    ratchetTree,
    removeLeaf: former.group.ownLeaf,
    authenticatedData: former.aad(),
    at: person.rig.env.now(),
  });
  const seat = new Seat(person, { room, hubKey }, group, position);
  const answer = await seat.update(seat.bundle(prepared));
  if (answer.refusal === undefined) {
    await group.adopt(prepared);
    seat.joinedBy = prepared.commit;
  }
  return { seat, answer };
}
