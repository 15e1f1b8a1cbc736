import {
  type Bytes,
  type ClientUri,
  clientApprovalAnswerSchema,
  domainOf,
  equalBytes,
  paths,
  Refusal,
  type SignedClientList,
  signedClientListCodec,
  userOfClient,
  type UserUri,
} from "@treehouse/protocol";

import { certifyClient } from "../certify-client.ts";
import type { AccountContext } from "../context.ts";
import type { OwnIdentity } from "../own-identity.ts";
import { dataKeySetting, readAccount, type StoredAccount } from "../stored-account.ts";
import { type ApprovalCode, parseCode } from "./code.ts";
import { ApprovalFault } from "./fault.ts";
import { createMailbox, type Mailbox } from "./mailbox.ts";
import {
  approvalGrantCodec,
  type ApprovalRequest,
  approvalRequestCodec,
  AT,
  type Channel,
  createChannel,
  decoded,
} from "./messages.ts";
import { exchangeAsApproving } from "./pake.ts";

/** A new client that has shown that it has the same code, and waits for an answer. */
export type WaitingClient = {
  readonly client: ClientUri;
  /** As it calls itself. */
  readonly clientName: string;
  /**
   * Certifies it and hands over what it needs; resolves once it is in the list. Throws
   * `ApprovalFault`; refuses `identityInvalid` when the server's list cannot be trusted.
   */
  approve(): Promise<void>;
  decline(): Promise<void>;
};

/**
 * Meets the new client that has shown this code. A wrong code is used up by it, on both sides. Refuses
 * `malformed` for a mistyped one, which uses nothing up, and `misdirected` for one of another server.
 */
export async function meetNewClient(
  context: AccountContext,
  { user, own }: { readonly user: UserUri; readonly own: OwnIdentity },
  typed: string,
): Promise<WaitingClient> {
  const code = parseCode(typed);
  if (code.domain !== undefined && code.domain !== domainOf(user)) {
    throw new Refusal("misdirected", `this code is of an account at ${code.domain}`);
  }
  const mailbox = createMailbox(context.api, paths.rendezvousApproving(code.mailbox), {});
  return closing(mailbox, async () => {
    const met = await agree(context, mailbox, { user, code });
    const request = readRequest(met, user);
    const { client, clientName } = request;
    return {
      client,
      clientName,
      approve: () => closing(mailbox, () => grant(context, { ...met, mailbox, own }, request)),
      decline: () => mailbox.close("declined"),
    };
  });
}

type Met = { readonly channel: Channel; readonly sealedRequest: Bytes };

/** Agrees on a key with whoever has the same code, and hears what that one wants. */
async function agree(
  { crypto }: AccountContext,
  mailbox: Mailbox,
  { code, user }: { readonly user: UserUri; readonly code: ApprovalCode },
): Promise<Met> {
  const place = { user, mailbox: code.mailbox, secret: code.secret };
  const exchange = await exchangeAsApproving(place);
  const second = await firstAnswer(mailbox, exchange.first);
  const agreed = exchange.finish(second);
  if (agreed === undefined) throw new ApprovalFault("wrongCode");
  const third = { at: AT.third, message: agreed.third };
  const sealedRequest = await mailbox.message(third, AT.request);
  return { channel: createChannel(crypto, agreed.key), sealedRequest };
}

/** A code that is over, or that somebody has entered before, is like one that never was. */
async function firstAnswer(mailbox: Mailbox, message: Bytes): Promise<Bytes> {
  try {
    const answer = await mailbox.turn({ at: AT.first, message }, AT.second);
    if (answer instanceof Uint8Array) return answer;
  } catch (error) {
    const isOver = error instanceof ApprovalFault && error.reason === "expired";
    const isTaken = error instanceof Refusal && error.code === "conflict";
    if (!isOver && !isTaken) throw error;
  }
  throw new ApprovalFault("unknownCode");
}

function readRequest({ channel, sealedRequest }: Met, user: UserUri): ApprovalRequest {
  const request = decoded(() =>
    approvalRequestCodec.decode(channel.open(AT.request, sealedRequest)),
  );
  if (request.user === user && userOfClient(request.client) === user) return request;
  throw new ApprovalFault("tampered");
}

async function grant(
  context: AccountContext,
  {
    channel,
    mailbox,
    own,
  }: { readonly channel: Channel; readonly mailbox: Mailbox; readonly own: OwnIdentity },
  { client, signatureKey }: ApprovalRequest,
): Promise<void> {
  const { api } = context;
  const { accountDataKey, devicePrivateKey, latest } = await ownKeys(context, own);
  const { proofId } = await api.json("POST", paths.clientApprovals(), clientApprovalAnswerSchema, {
    client,
  });
  const known = { latest, devicePrivateKey };
  const certified = certifyClient(context, known, { client, signatureKey });
  const message = approvalGrantCodec.encode({ version: 1, proofId, accountDataKey, ...certified });
  const sealed = channel.seal(AT.grant, message);
  const answer = await mailbox.turn({ at: AT.grant, message: sealed }, AT.end);
  if (answer instanceof Uint8Array) throw new ApprovalFault("tampered");
  if (answer.closed !== "done") throw new ApprovalFault(answer.closed);
  // Nothing vouches for that word; the list that both have signed for does.
  await own.refresh();
  const isThere = own
    .clients()
    .some((one) => one.client === client && equalBytes(one.signatureKey, signatureKey));
  if (!isThere) throw new ApprovalFault("tampered");
}

type HandedOver = {
  readonly latest: SignedClientList;
  readonly devicePrivateKey: StoredAccount["deviceSigningPrivateKey"];
  readonly accountDataKey: Bytes;
};

/** The list as it is now, checked, and the keys of the own client that the new one shares. */
async function ownKeys({ crypto, store }: AccountContext, own: OwnIdentity): Promise<HandedOver> {
  await own.refresh();
  const { account, accountDataKey } = await store.transaction((tx) => ({
    account: readAccount(tx),
    accountDataKey: tx.settings.get(dataKeySetting),
  }));
  if (account === undefined || accountDataKey === undefined) {
    throw new Refusal("conflict", "log in with the password once: a key is missing in this store");
  }
  const latest = signedClientListCodec.decode(account.clientList);
  // Since another client was revoked, only the one that did it has the key that signs lists (0021).
  const devicePrivateKey = account.deviceSigningPrivateKey;
  const publicKey = crypto.ed25519PublicKey(devicePrivateKey);
  if (!equalBytes(publicKey, latest.certificate.deviceSigningKey)) {
    throw new Refusal("conflict", "the key of this client was replaced: log in with the password");
  }
  return { latest, devicePrivateKey, accountDataKey };
}

/** Tells the other side when this one cannot go on; not where it never met one. */
async function closing<T>(mailbox: Mailbox, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reason = error instanceof ApprovalFault ? error.reason : "failed";
    if (reason !== "unknownCode") {
      await mailbox.close(reason === "wrongCode" ? "wrongCode" : "failed");
    }
    throw error;
  }
}
