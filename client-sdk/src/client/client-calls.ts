import { privacyChangeSchema } from "@treehouse/protocol";
import { z } from "zod";

import { AtOnce, type CallsOf, input, shapes } from "./checking/index.ts";
import type { Client } from "./client.ts";

const { callback, count, flag, list, name, octets, options, positive, text, time } = input;
const { assetLink, keeping, transfer } = shapes;

const nothing = {};
const address = text;
const level = z.enum(["all", "mentions", "none"]);
const reading = { signal: input.signal, bytesMax: count };
const openable = z.union(
  [
    z.looseObject({ file: z.looseObject({ link: assetLink.optional() }) }),
    z.looseObject({ link: assetLink.optional() }),
  ],
  { error: "has no link to a file" },
);
const libraryFile = z.looseObject({ conversation: text, id: text, number: count });
const uri = z.looseObject({ uri: name });
const proof = z.union([z.looseObject({ password: text }), z.looseObject({ recoveryKey: text })], {
  error: "has neither a password nor a recovery key",
});
const factorProof = z.looseObject({ password: text, code: text });
const externalLogin = z.looseObject({ redirectUri: text, visit: callback });
const request = z.looseObject({ client: text });
const note = { reason: text, expiresAt: time };
const exportWanted = options({ conversations: list(text), since: time });
const audience = z.enum(["rooms", "contacts", "nobody"]);
const said = text.nullable().optional();

/** What the calls of a client take. */
export const clientCalls: CallsOf<Omit<Client, "me" | symbol>> = {
  conversations: {
    list: nothing,
    get: { reference: name },
    find: { typed: text, options: options({ limit: count }) },
    create: {
      wanted: z.looseObject({
        name: text.optional(),
        members: list(address).optional(),
        kind: z.enum(["group", "announcement", "open"]).optional(),
      }),
    },
    dm: { address },
    join: { link: text },
    knock: { address: text },
    withdrawKnock: { address: text },
    coming: nothing,
  },
  folders: {
    list: nothing,
    create: { name: text },
    change: { reference: text, change: z.looseObject({ name: text, before: text }).partial() },
    delete: { reference: text },
  },
  notifications: {
    rules: nothing,
    set: {
      change: z
        .looseObject({
          groups: level,
          direct: level,
          quietMentions: flag,
          pausedUntil: time.nullable(),
          addKeywords: list(text),
          removeKeywords: list(text),
          addQuiet: list(z.looseObject({})),
          removeQuiet: list(text),
        })
        .partial(),
    },
    setLevel: { conversation: text, level: level.nullable() },
    judge: {
      message: z.looseObject({
        conversation: text,
        sender: address.optional(),
        text,
        mention: flag.optional(),
        position: count.optional(),
      }),
      at: time.optional(),
    },
    unread: nothing,
  },
  admin: {
    createInvite: { wanted: z.looseObject({ uses: positive, expiresAt: time.optional() }) },
    invites: nothing,
    revokeInvite: { id: text },
    federation: {
      overview: nothing,
      peer: { domain: text },
      probe: { domain: text },
      retry: { domain: text },
      frozenRooms: { domain: text },
      thaw: { room: text },
      allow: { subject: text, note: options({ ...note, newKey: flag }) },
      deny: { subject: text, note: options(note) },
      limit: { subject: text, note: options({ ...note, perMinute: positive }) },
      unset: { subject: text },
    },
  },
  diagnose: nothing,
  contacts: {
    find: { address },
    list: nothing,
    request: { address, wish: options({ note: text, conversation: text }) },
    accept: { address, wish: options({ conversation: text }) },
    decline: { address },
    remove: { address },
    block: { address },
    unblock: { address },
    safetyNumber: { address },
    verify: { address, scanned: text },
    acceptKey: {
      safety: z.looseObject({ address, identityKey: text }),
      how: options({ verified: flag }),
    },
    setLabel: { address, label: text.optional() },
    identities: nothing,
  },
  assets: {
    upload: {
      source: input.source,
      options: z.looseObject({ access: shapes.access, expiresAt: time.optional(), ...transfer }),
    },
    open: { link: assetLink, options: options({ signal: input.signal }) },
    read: { link: assetLink, options: options(reading) },
    copy: { link: assetLink, access: shapes.access },
    delete: { link: uri },
    forget: { link: uri },
    list: { options: options({ prefix: text }) },
    usage: nothing,
  },
  files: {
    list: { filter: options({ folder: text, tag: text, search: text }) },
    folders: nothing,
    get: { id: text },
    add: { wish: shapes.file.extend({ ...keeping, ...transfer, versionOf: text.optional() }) },
    keep: { message: libraryFile, keeping: options(keeping) },
    rename: { id: text, name: text },
    move: { id: text, folder: text },
    moveFolder: { from: text, to: text },
    tag: { id: text, tags: list(text) },
    versions: { id: text },
    restore: { id: text },
    remove: { id: text },
    open: { file: openable, options: options({ signal: input.signal }) },
    read: { file: openable, options: options(reading) },
  },
  sessions: { list: nothing, revoke: { id: name }, revokeOthers: nothing },
  settings: {
    get: nothing,
    set: {
      change: z
        .strictObject({
          blockOnKeyChange: flag,
          readReceipts: flag,
          deliveryReceipts: flag,
          presence: z.enum(["contacts", "nobody"]),
          typing: flag,
          autoDownloadBytes: count,
        })
        .partial(),
    },
  },
  profile: {
    get: nothing,
    set: {
      change: z.strictObject({
        displayName: said,
        status: said,
        avatar: z.looseObject({ mediaType: text, data: text }).nullable().optional(),
        details: z.record(text, text.nullable()).optional(),
        audiences: z.record(text, audience.optional()).optional(),
      }),
    },
    of: { address },
  },
  presence: {
    set: {
      choice: z.looseObject({
        state: z.enum(["online", "idle", "dnd", "invisible"]),
        activity: text.optional(),
        until: time.optional(),
      }),
    },
    own: nothing,
    active: nothing,
    of: { address },
    list: nothing,
  },
  stickers: {
    list: nothing,
    get: { pack: text },
    file: { pack: text, sticker: text },
    create: {
      sources: list(
        z.looseObject({
          file: text,
          bytes: octets,
          emojis: list(text).optional(),
          name: text.optional(),
        }),
      ),
      pack: z.looseObject({
        title: text,
        author: text.optional(),
        kind: z.enum(["stickers", "emoji"]).optional(),
      }),
    },
    readFolder: { files: list(z.looseObject({ name: text, bytes: octets })) },
    importTelegram: {
      wish: z.looseObject({
        set: text,
        title: text.optional(),
        token: text,
        api: text.optional(),
        signal: input.signal.optional(),
        onProgress: callback.optional(),
      }),
    },
    share: { pack: text },
    look: { link: text },
    add: { link: text },
    remove: { pack: text },
    recent: nothing,
  },
  factors: {
    info: nothing,
    startTotp: nothing,
    confirmTotp: { code: text },
    linkExternal: { login: externalLogin },
    unlinkExternal: { proof: factorProof },
    proveExternally: { login: externalLogin },
    addPasskey: { passkey: z.looseObject({ label: text, create: callback }) },
    provePasskey: { get: callback },
    removePasskey: { id: name, proof: factorProof },
    disableTotp: { proof: factorProof },
    renewRecoveryCodes: { proof: factorProof },
  },
  history: {
    backup: { status: nothing, set: { on: flag }, save: nothing, restore: nothing },
    ask: nothing,
    export: new AtOnce({ wanted: exportWanted }),
    archive: new AtOnce({ wanted: exportWanted, progress: callback.optional() }),
    import: { chunks: input.pieces, progress: callback.optional() },
  },
  email: { info: nothing, set: { address: text }, confirm: { code: text }, remove: nothing },
  privacy: { get: nothing, set: { change: privacyChangeSchema } },
  clients: {
    list: nothing,
    revoke: {
      client: text,
      proof: proof.and(z.looseObject({ secondFactor: z.union([text, callback]).optional() })),
    },
    rename: { client: text, name: text.optional() },
    review: { code: text },
    approve: { request },
    decline: { request },
  },
  recovery: {
    create: { proof },
    check: { recoveryKey: text },
    status: nothing,
    isNoted: nothing,
    resetPassword: { reset: z.looseObject({ recoveryKey: text, newPassword: text }) },
  },
  account: {
    delete: { proof: z.looseObject({ password: text }) },
    resetWaitsUntil: nothing,
    cancelReset: nothing,
    changePassword: { change: z.looseObject({ oldPassword: text, newPassword: text }) },
    export: new AtOnce(nothing),
  },
  search: { query: text, options: input.searchOptions },
  messages: new AtOnce({
    options: options({ signal: input.signal, drain: flag, conversations: list(text) }),
  }),
  on: new AtOnce({ name: text, listener: callback }),
  caughtUp: nothing,
  logout: nothing,
  close: nothing,
};
