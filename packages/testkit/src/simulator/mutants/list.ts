/** One bug: `find` must stand exactly once in the file, and `replace` is what stands there then. */
export type Mutant = {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
};

const one = (name: string, file: string, find: string, replace: string): Mutant => ({
  name,
  file,
  find,
  replace,
});

/**
 * Bugs planted into the production code. Each breaks a promise that some checker looks at, so that
 * the simulator is itself tested: whatever it does not find within its seeds it does not look for.
 */
export const mutants: readonly Mutant[] = [
  one(
    "answered before the COMMIT",
    "homeserver/src/platform/database/group-commit.ts",
    "    const from = env.monotonic();\n",
    `    const from = env.monotonic();
    for (const [index, item] of group.entries()) {
      const outcome = outcomes[index];
      if (outcome?.kind === "done") item.resolve(outcome.value);
    }
    await new Promise<void>((resolve) => env.soon(resolve));
`,
  ),
  one(
    "no idempotency: a repeated message is taken again",
    "homeserver/src/delivery/messages/intake.ts",
    "if (!(await store.keepAnswer(tx, key, answer, answerExpiry(acceptedAt)))) {",
    "if (!(await store.keepAnswer(tx, key, answer, answerExpiry(acceptedAt))) && head.position < 0) {",
  ),
  one(
    "no idempotency: what was accepted and then became old is refused",
    "homeserver/src/delivery/room/request.ts",
    "  return context.database.read((tx) => context.store.answer(tx, key));",
    "  return undefined;",
  ),
  one(
    "messages from before somebody came in are taken after it",
    "homeserver/src/delivery/messages/epoch-window.ts",
    "    starts.some((start) => start.epoch > epoch && start.entered) ||\n",
    "",
  ),
  one(
    "an item to another server is in memory only",
    "homeserver/src/federation/outgoing/append.ts",
    "  await store.add(tx, row);",
    "  if (stream.away) await store.add(tx, row);",
  ),
  one(
    "what was to be sent is not taken up at the start",
    "homeserver/src/federation/index.ts",
    "        if (peer.newest > peer.kept) lines.adopt(peer).pump.wake();",
    "        if (peer.newest > peer.kept) lines.adopt(peer);",
  ),
  one(
    "what has left counts as received",
    "homeserver/src/federation/outgoing/pump.ts",
    "    stream.sentMost = Math.max(stream.sentMost, sending.to);",
    "    stream.sentMost = Math.max(stream.sentMost, sending.to);\n    stream.acked = sending.to;",
  ),
  one(
    "a batch that fails is not tried again",
    "homeserver/src/federation/outgoing/reach.ts",
    "    this.#wait(Math.max(drawn, Math.min(retryAfterMs, LIMITS.retryMostMs)));",
    "    this.#wait(1e9 + drawn);",
  ),
  one(
    "the receiver notes where it stands in memory only",
    "homeserver/src/federation/incoming/receive.ts",
    "    await store.moveInbound(tx, id, { next, rejectedFrom: next - LIMITS.rejectedItemsMax });\n",
    "",
  ),
  one(
    "a stream goes live one entry too late",
    "homeserver/src/realtime/catch-up.ts",
    '      if (state === "behind") return { stream, after };',
    `      const isFar = reader.standing(stream, after + 1).state === "behind";
      if (state === "behind" && isFar) return { stream, after };`,
  ),
  one(
    "who was removed goes on reading",
    "homeserver/src/delivery/handshakes/membership.ts",
    "      await roomLog.unsubscribe(tx, { client, room, upTo: point.position });",
    "      await Promise.resolve();",
  ),
  one(
    "the client writes the cursor in a transaction of its own",
    "client-sdk/src/groups/entries/apply-entry.ts",
    "  await writeWithGroup(\n    context,\n    room,\n    (tx) => {\n      write.rows(tx);",
    `  await context.store.transaction((tx) => tx.cursors.set(cursor));
  await writeWithGroup(
    context,
    room,
    (tx) => {
      write.rows(tx);`,
  ),
  one(
    "the client forgets the ratchet that a message has moved",
    "client-sdk/src/groups/room/write-with-group.ts",
    "      if (changes !== undefined) tx.rooms.changeGroupRows(room.uri, changes);",
    '      if (changes !== undefined && room.uri === "") tx.rooms.changeGroupRows(room.uri, changes);',
  ),
  one(
    "the client seals a message anew before it knows what became of it",
    "client-sdk/src/groups/pump/pump.ts",
    "      const request = intent.request ?? (await buildSend(context, room, intent));",
    "      const request = await buildSend(context, room, intent);",
  ),
  one(
    "the client forgets its wishes when it dies",
    "client-sdk/src/groups/upkeep/resume.ts",
    "      pump(context, room);\n    } catch",
    '      if (room.uri === "") pump(context, room);\n    } catch',
  ),
  one(
    "the client applies own messages twice",
    "client-sdk/src/groups/saying/send-intent.ts",
    "  tx.intents.delete(intent.serial);\n  if (aside !== undefined) {",
    "  if (aside !== undefined) {",
  ),
  one(
    "the clock of the hub gives the order",
    "homeserver/src/delivery/room/log.ts",
    "  const position = after.position + 1;",
    "  const position = after.position + (acceptedAt % 17 === 0 ? 2 : 1);",
  ),
  one(
    "a COMMIT that fails counts as done",
    "homeserver/src/platform/database/group-commit.ts",
    `      this.#closures.abandon();
      throw new GroupLost(storageErrorKind(error) === "full", error);`,
    "      this.#closures.abandon();",
  ),
  one(
    "the head of the log stays where it is",
    "homeserver/src/delivery/messages/intake.ts",
    "    await store.moveHead(tx, hosted.id, end);\n",
    "",
  ),
  one(
    "other servers do not get commits",
    "homeserver/src/delivery/room/log.ts",
    "  if (peers.length === 0) return point;",
    '  if (peers.length === 0 || body.kind === "commit") return point;',
  ),
  one(
    "nobody is told of what was appended",
    "homeserver/src/queuing/append.ts",
    "  notifier?.appended(stream.name, position, bytes);\n",
    "",
  ),
  one(
    "cursors are kept in memory only",
    "homeserver/src/queuing/flush-cursors.ts",
    "    else await store.advance(tx, key, cursor);\n",
    "",
  ),
  one(
    "the client does not come back after a break",
    "client-sdk/src/transport/connection.ts",
    "    cancelRetry = env.timer(delay * (0.5 + jitter / 2), () => void connect());",
    "    cancelRetry = env.timer(1e9 + delay * jitter, () => void connect());",
  ),
  one(
    "a COMMIT is not brought to the disk (synchronous=NORMAL)",
    "homeserver/src/platform/database/open-database.ts",
    '    ["synchronous", "FULL", 2],',
    '    ["synchronous", "NORMAL", 1],',
  ),
  one(
    "a KeyPackage that was handed out stays in stock",
    "homeserver/src/key-packages/store.sqlite.ts",
    "      if (!claimed.lastResort) deleteClaimed(tx).run({ ref });",
    "      if (claimed.notAfter === 0) deleteClaimed(tx).run({ ref });",
  ),
  one(
    "messages of any epoch are taken",
    "homeserver/src/delivery/messages/epoch-window.ts",
    "  if (epoch === currentEpoch) return;",
    "  if (epoch <= currentEpoch) return;",
  ),
  one(
    "a full disk of the server is a last word",
    "client-sdk/src/groups/room/passing.ts",
    '  "storageFull",\n',
    "",
  ),
  one(
    "requests of other servers need not be what was signed",
    "homeserver/src/peers/authenticate.ts",
    "  checkDigest(parseDigest(request.head.headers), request.body, sha256);",
    "  parseDigest(request.head.headers);",
  ),
  one(
    "the hub takes commits that no rule allows",
    "homeserver/src/delivery/handshakes/check-commit.ts",
    "  if (!verdict.allowed) {",
    "  if (!verdict.allowed && checked.added.length > 99) {",
  ),
  one(
    "what other servers have is kept for them",
    "homeserver/src/federation/outgoing/cleaner.ts",
    "    return Math.max(kept, Math.min(acked, owed.coveredBefore() - 1));",
    "    return acked < 0 ? owed.coveredBefore() : kept;",
  ),
  one(
    "what a server has learned is not looked for within the hour",
    "homeserver/src/peers/discover.ts",
    "    if (!mayLook || !(await hasRefetched(context, state))) throw error;",
    "    throw error;",
  ),
];
