import {
  chainHashOf,
  decodeEntry,
  encodeSafeAad,
  equalBytes,
  submitMessageRequestCodec,
  updateRequestCodec,
} from "@treehouse/protocol";
import type { Bytes, Entry, RoomUri } from "@treehouse/protocol";
import type { Member } from "../clients/member.ts";
import { plaintextOf } from "../clients/member.ts";
import type { MlsGroup, PreparedCommit } from "../driver.ts";
import { agree, ensure } from "../outcome.ts";

type Intent = Parameters<MlsGroup["prepareCommit"]>[0];

/** One client of one room: its group, and the room's log as far as it was applied. */
export class Seat {
  readonly member: Member;
  readonly room: RoomUri;
  readonly hubKey: Bytes;
  readonly group: MlsGroup;
  /** Of the last entry that was applied. */
  position: number;
  /** What the next entry must name; undefined if the entry before was not for this client. */
  hash: Bytes | undefined;
  /** Texts of others in the order of the log. */
  readonly texts: string[] = [];
  readonly entries: Entry[] = [];
  readonly #own: Bytes[] = [];

  constructor(
    member: Member,
    place: { readonly room: RoomUri; readonly hubKey: Bytes },
    group: MlsGroup,
    last: { readonly position: number; readonly hash: Bytes | undefined },
  ) {
    this.member = member;
    this.room = place.room;
    this.hubKey = place.hubKey;
    this.group = group;
    this.position = last.position;
    this.hash = last.hash;
  }

  aad(lastPosition: number = this.position): Bytes {
    const treehouse = { epoch: this.group.epoch, forkTag: new Uint8Array(16), lastPosition };
    return encodeSafeAad({ treehouse, others: [] });
  }

  async prepare(intent: Intent): Promise<PreparedCommit> {
    return this.group.prepareCommit(intent, this.aad());
  }

  /** An encoded SubmitMessageRequest. */
  async message(text: string): Promise<Bytes> {
    const message = await this.group.encrypt(plaintextOf(text), this.aad());
    this.#own.push(message);
    const sendingUri = this.member.user;
    return submitMessageRequestCodec.encode({ ephemeral: false, message, sendingUri });
  }

  /** Takes the next entry of the log; fails unless it follows from the last one. */
  async apply(bytes: Bytes): Promise<Entry> {
    const entry = decodeEntry(bytes);
    agree("the position of the next entry", entry.position, this.position + 1);
    if (this.hash !== undefined) {
      ensure(equalBytes(entry.previous, this.hash), "an entry's `previous` is not the last hash");
    }
    this.position = entry.position;
    this.hash = chainHashOf(entry, bytes);
    this.entries.push(entry);
    if (this.group.active) await this.#applyToGroup(entry);
    return entry;
  }

  async #applyToGroup(entry: Entry): Promise<void> {
    switch (entry.kind) {
      case "commit":
        await this.group.processCommit(entry.commit, entry);
        if (!this.group.active) return;
        for (const proposal of entry.externalProposals) await this.group.processProposal(proposal);
        return;
      case "proposal":
        for (const proposal of entry.proposals) await this.group.processProposal(proposal);
        return;
      case "application": {
        if (this.#own.some((own) => equalBytes(own, entry.message))) return;
        const { plaintext } = await this.group.decrypt(entry.message);
        this.texts.push(new TextDecoder().decode(plaintext));
        return;
      }
      case "knock":
      case "report":
      case "void":
      case "tombstone":
        return;
    }
  }
}

/** An encoded UpdateRequest with proposals. */
export function proposalRequest(...proposals: readonly Bytes[]): Bytes {
  return updateRequestCodec.encode({ kind: "proposal", proposals });
}

/** An encoded UpdateRequest with a commit. */
export function commitRequest(prepared: PreparedCommit): Bytes {
  const { commit, welcome, groupInfo } = prepared;
  return updateRequestCodec.encode({
    kind: "commit",
    commit,
    welcome,
    groupInfo,
    firstMessage: undefined,
  });
}
