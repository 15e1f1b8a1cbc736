import assert from "node:assert/strict";
import { loadGroup } from "@treehouse/mls/member";
import type { CommitIntent, MemberGroup, PreparedCommit } from "@treehouse/mls/member";
import {
  chainHashOf,
  decodeEntry,
  encodeSafeAad,
  entriesPageCodec,
  equalBytes,
  firstPrevious,
  paths,
  submitMessageRequestCodec,
  submitMessageResponseCodec,
  toHex,
  updateRequestCodec,
  updateRoomResponseCodec,
  utf8Encode,
  verifyHead,
} from "@treehouse/protocol";
import type { Bytes, Entry, RoomUri, SignedHead, UserUri } from "@treehouse/protocol";
import type { Answer, Person } from "./person.ts";
import type { RoomNames } from "./rooms.ts";
import { accepted } from "./person.ts";

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

  /** An encoded submission of something ephemeral. */
  async whisper(text: string): Promise<Bytes> {
    const said = { sentAt: this.person.rig.env.now(), mediaType: "text/x-test" };
    const message = await this.group.sealEphemeral({ ...said, content: utf8Encode(text) });
    return submitMessageRequestCodec.encode({
      ephemeral: true,
      message,
      sendingUri: this.person.user,
    });
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
    this.hash = chainHashOf(entry, bytes);
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
      case "knock":
      case "report":
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
