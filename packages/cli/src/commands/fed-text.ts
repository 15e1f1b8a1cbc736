import type { FrozenRoomsAnswer, PeerDetail, PeerRule, PeerSummary } from "@treehouse/protocol";

/** A server in a list: what holds for it, when it was last heard of, what waits for it. */
export function peerLine(peer: PeerSummary): string {
  const parts = [
    peer.domain,
    peer.state === "frozen" ? "FROZEN: its key has changed" : peer.policy,
    contactText(peer),
    waitingText(peer),
    peer.rule === undefined ? "" : noteText(peer.rule),
  ];
  return parts.filter((part) => part !== "").join("  ");
}

/** A rule about a server that is not known, or about many. */
export function ruleLine(rule: PeerRule): string {
  const rate = rule.perMinute === undefined ? "" : `${rule.perMinute} a minute`;
  return [rule.subject, rule.action, rate, noteText(rule)].filter((part) => part !== "").join("  ");
}

export function describePeer(
  peer: PeerDetail,
  frozenRooms: FrozenRoomsAnswer["rooms"],
): readonly string[] {
  const lines = [peerLine(peer)];
  for (const key of peer.keys) {
    const until = key.expires === undefined ? "" : `, until ${timeText(key.expires)}`;
    const from = `from ${timeText(key.notBefore)}`;
    lines.push(
      `${key.pinned ? "key" : "key NOT BELIEVED"} ${key.kid}: ${key.key}, ${from}${until}`,
    );
  }
  const { directory, fault, clockOffsetMs, development } = peer;
  if (directory !== undefined) {
    const version = directory.version ?? `none in common (${directory.versions.join(", ")})`;
    lines.push(`version: ${version}; can: ${directory.capabilities.join(", ")}`);
  }
  if (fault !== undefined) lines.push(`last fault: ${fault}`);
  if (clockOffsetMs !== 0) lines.push(`its clock is ${Math.round(clockOffsetMs / 1000)} s ahead`);
  if (development !== undefined) lines.push(`development: reached at ${development}`);
  for (const { form, code, at, room, position } of peer.rejected) {
    const what = room === undefined ? form : `${form} ${room} ${position ?? ""}`;
    lines.push(`rejected ${timeText(at)} (${code}): ${what}`);
  }
  for (const { room, position } of frozenRooms) {
    lines.push(`FROZEN at ${position}: ${room}`);
  }
  if (frozenRooms.length > 0) {
    lines.push(
      "It told two stories of these. To believe what it says now: treehouse fed thaw <room>",
    );
  }
  if (peer.state === "frozen") {
    lines.push(
      "Compare the key that is not believed with the other operator, over another channel.",
      `If it is theirs: treehouse fed allow ${peer.domain} --new-key`,
    );
  }
  return lines;
}

function contactText({ inboundAt, outboundAt }: PeerSummary): string {
  const last = Math.max(inboundAt ?? 0, outboundAt ?? 0);
  return last === 0 ? "never heard of" : `last contact ${timeText(last)}`;
}

function waitingText(peer: PeerSummary): string {
  const { backlog = 0, breaker = "closed", retryAt, waitingSince, lastFault } = peer;
  const since = waitingSince === undefined ? "" : ` since ${timeText(waitingSince)}`;
  const parts = [
    backlog === 0 ? "" : `${backlog} waiting${since}`,
    breaker === "closed" ? "" : `not reached${lastFault === undefined ? "" : ` (${lastFault})`}`,
    retryAt === undefined ? "" : `again at ${timeText(retryAt)}`,
  ];
  return parts.filter((part) => part !== "").join(", ");
}

function noteText({ reason, expiresAt }: PeerRule): string {
  const until = expiresAt === undefined ? "" : `until ${timeText(expiresAt)}`;
  return [reason === "" ? "" : `(${reason})`, until].filter((part) => part !== "").join(" ");
}

function timeText(at: number): string {
  return new Date(at).toISOString();
}
