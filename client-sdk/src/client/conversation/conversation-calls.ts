import { CAPABILITIES } from "@treehouse/protocol";
import { z } from "zod";

import { type CallsOf, input, shapes } from "../checking/index.ts";
import type { Conversation } from "./conversation.ts";

const { count, flag, list, messageId, name, number, octets, options, text, time } = input;
const { act, format, going, page } = shapes;

const addresses = list(text);
const nothing = {};
const capabilities = list(z.enum(Object.keys(CAPABILITIES)));
const role = z.looseObject({
  name,
  description: text.optional(),
  like: text.optional(),
  above: text.optional(),
  allow: capabilities.optional(),
  deny: capabilities.optional(),
  atMost: input.bound.nullable().optional(),
});
const place = { inReplyTo: messageId, topic: text, ...going };
const preview = z.looseObject({
  url: text,
  title: text.optional(),
  description: text.optional(),
});
const ownContent = z.looseObject({ mediaType: text, content: octets, fallback: text });
const filesWish = shapes.files(messageId);

/** Text, a content of a program's own, or files: whichever it looks like. */
function saidForm(said: unknown): z.ZodType {
  if (typeof said !== "object" || said === null) return text;
  return "content" in said ? ownContent : filesWish;
}

/** What the calls of a conversation take. */
export const conversationCalls: CallsOf<Conversation> = {
  info: nothing,
  members: nothing,
  send: { said: saidForm, options: options({ ...place, format, preview }) },
  sendAgain: { messageId: text },
  history: { options: options({}) },
  organise: {
    wish: z.looseObject({
      pinned: z.union([flag, z.looseObject({ before: text })]).optional(),
      archived: z.union([flag, z.literal("keep")]).optional(),
      muted: z.union([flag, z.looseObject({ until: time })]).optional(),
      marked: flag.optional(),
      addLabels: list(text).optional(),
      removeLabels: list(text).optional(),
      addFolders: list(text).optional(),
      removeFolders: list(text).optional(),
    }),
  },
  historyDays: nothing,
  setHistoryDays: { days: number },
  search: { query: text, options: input.searchOptions },
  add: { addresses, options: act },
  remove: { addresses, options: act },
  leave: nothing,
  typing: { on: flag.optional() },
  setOwnName: { name: text.optional() },
  markRead: { position: z.unknown() },
  receipts: nothing,
  delivery: { id: text },
  safetyNumber: nothing,
  compareSafetyNumber: { scanned: text },
  edit: { id: text, text, options: options({ format }) },
  delete: { id: text },
  react: { id: text, emoji: text },
  unreact: { id: text, emoji: text },
  setAbout: {
    change: z.looseObject({
      name: text.nullable().optional(),
      description: text.nullable().optional(),
      topic: text.nullable().optional(),
      picture: octets.nullable().optional(),
    }),
    options: act,
  },
  rename: { name: text, options: act },
  picture: nothing,
  audit: { range: options({ before: count, limit: count }) },
  exportAudit: nothing,
  importAudit: { exported: octets },
  deleteForAll: { options: act },
  unseenDays: nothing,
  setUnseenDays: { days: number.optional(), options: act },
  forget: nothing,
  rejoin: nothing,
  acceptMembers: nothing,
  reset: { options: act },
  files: { options: page },
  versions: { message: text },
  restoreVersion: { message: text },
  sendSticker: {
    sticker: z.looseObject({ pack: text, sticker: text, sharePack: flag.optional() }),
    options: options(place),
  },
  stickerFile: { messageId: text, stickerId: text.optional() },
  pin: { id: text },
  unpin: { id: text },
  pinned: nothing,
  createPoll: {
    poll: z.looseObject({
      question: text,
      options: list(text),
      multiple: flag.optional(),
      anonymous: flag.optional(),
      closesAt: time.optional(),
    }),
    options: options(place),
  },
  vote: { id: text, choices: list(number) },
  endPoll: { id: text },
  poll: { id: text },
  forward: { id: text, to: text, options: options({ ...going, nameSource: flag, topic: text }) },
  policy: nothing,
  setRole: { addresses, role: text, options: act },
  ban: { addresses, options: act },
  unban: { people: addresses, options: act },
  silence: { addresses, options: options({ reason: text, until: time }) },
  unsilence: { people: addresses, options: act },
  defineRole: { wish: role, options: act },
  removeRole: { name: text, options: act },
  setDefaultRole: { name: text, options: act },
  setLimits: {
    wish: z.looseObject({
      maxUsers: input.bound.nullable().optional(),
      maxClients: input.bound.nullable().optional(),
      severalClients: flag.optional(),
    }),
    options: act,
  },
  raiseRules: { version: count.max(2 ** 32 - 1), options: act },
  messageLifetime: nothing,
  setMessageLifetime: { ms: number.optional() },
  threads: { options: options({ limit: count }) },
  thread: { topic: text, options: options({ limit: count, before: count }) },
  replies: { id: text },
  followThread: { topic: text, following: flag },
  markThreadRead: { topic: text, position: count },
  draft: { topic: text.optional() },
  setDraft: {
    draft: z
      .looseObject({ text, inReplyTo: text.optional(), format: format.optional() })
      .optional(),
    topic: text.optional(),
  },
  handOver: { server: text },
  replaceServer: { server: text },
  links: {
    create: {
      wanted: options({ role: text, lastsMs: time.nullable(), uses: number }),
    },
    list: nothing,
    revoke: { id: text },
    address: nothing,
  },
  knocks: { list: nothing, admit: { address: text }, decline: { address: text } },
};
