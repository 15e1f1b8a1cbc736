import {
  attestationCodec,
  checkClientList,
  checkLeafIdentity,
  deviceSigningCertificateCodec,
  domainOf,
  equalBytes,
  mintClientUri,
  paths,
  rendezvousAnswerSchema,
  signedClientListCodec,
  type UserUri,
} from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";
import type { AccountContext } from "../context.ts";
import { offerClient, type OwnKeys } from "../offer-client.ts";
import type { StoredAccount } from "../stored-account.ts";
import { type CodeKind, createCode } from "./code.ts";
import { ApprovalFault } from "./fault.ts";
import { createMailbox, type Mailbox } from "./mailbox.ts";
import {
  type ApprovalGrant,
  approvalGrantCodec,
  approvalRequestCodec,
  AT,
  type Channel,
  createChannel,
  decoded,
} from "./messages.ts";
import { exchangeAsJoining } from "./pake.ts";

/** What the person carries over to the other client, and until when it holds. */
export type ShownCode = { readonly text: string; readonly expiresAt: number };

/**
 * Makes this store a further client with the approval of another one: without password, recovery key
 * or identity key. Waits until somebody has entered the code there. One code takes one guess; whatever
 * goes wrong, it is over. Throws `ApprovalFault`, and refuses as `offerClient` does.
 */
export async function joinByApproval(
  context: AccountContext,
  wanted: {
    readonly user: UserUri;
    readonly kind: CodeKind;
    readonly show: (shown: ShownCode) => void;
  },
  also: (tx: LocalTx) => void,
): Promise<StoredAccount> {
  const { api, crypto } = context;
  const { user } = wanted;
  const opened = await api.json("POST", paths.rendezvous(), rendezvousAnswerSchema, { user });
  const { expiresAt, key } = opened;
  const where = { domain: domainOf(user), mailbox: opened.mailbox };
  const { code, text } = createCode((length) => crypto.random(length), wanted.kind, where);
  const mailbox = createMailbox(api, paths.rendezvousJoining(opened.mailbox), { key });
  wanted.show({ text, expiresAt });
  try {
    const channel = await agree(context, mailbox, { user, ...code });
    const own = newKeys(context, user);
    const grant = await request(context, { channel, mailbox }, { user, own });
    const certified = checkGrant(context, grant, { user, own });
    const { accountDataKey, proofId } = grant;
    const offer = { user, own, certified, proofId, accountDataKey };
    const account = await offerClient(context, offer, also);
    await mailbox.close("done");
    return account;
  } catch (error) {
    const isWrong = error instanceof ApprovalFault && error.reason === "wrongCode";
    await mailbox.close(isWrong ? "wrongCode" : "failed");
    throw error;
  }
}

/** Agrees on a key with whoever has the same code. */
async function agree(
  { crypto }: AccountContext,
  mailbox: Mailbox,
  place: { readonly user: UserUri; readonly mailbox: string; readonly secret: string },
): Promise<Channel> {
  const exchange = await exchangeAsJoining(place);
  const second = exchange.answer(await mailbox.message(undefined, AT.first));
  if (second === undefined) throw new ApprovalFault("wrongCode");
  const third = await mailbox.message({ at: AT.second, message: second }, AT.third);
  const key = exchange.finish(third);
  if (key === undefined) throw new ApprovalFault("wrongCode");
  return createChannel(crypto, key);
}

function newKeys({ crypto }: AccountContext, user: UserUri): OwnKeys {
  const { privateKey, publicKey } = crypto.generateSignatureKeyPair();
  const client = mintClientUri(user, (length) => crypto.random(length));
  return { client, signaturePrivateKey: privateKey, signaturePublicKey: publicKey };
}

/** Says who wants to be let in, and waits for the other side's person to agree. */
async function request(
  { clientName }: AccountContext,
  { channel, mailbox }: { readonly channel: Channel; readonly mailbox: Mailbox },
  { own, user }: { readonly user: UserUri; readonly own: OwnKeys },
): Promise<ApprovalGrant> {
  const asked = approvalRequestCodec.encode({
    version: 1,
    user,
    client: own.client,
    signatureKey: own.signaturePublicKey,
    clientName: clientName ?? "",
  });
  const message = channel.seal(AT.request, asked);
  const answer = await mailbox.message({ at: AT.request, message }, AT.grant);
  return decoded(() => approvalGrantCodec.decode(channel.open(AT.grant, answer)));
}

/** What came must make this client, with its own key, one of this user, under keys that fit. */
function checkGrant(
  { crypto, env }: AccountContext,
  grant: ApprovalGrant,
  { own, user }: { readonly user: UserUri; readonly own: OwnKeys },
): ApprovalGrant {
  const verify = (key: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
    crypto.verify(key, message, signature);
  const { client, signaturePublicKey: signatureKey } = own;
  decoded(() => {
    const certificate = deviceSigningCertificateCodec.decode(grant.certificate);
    const attestation = attestationCodec.decode(grant.attestation);
    const signedList = signedClientListCodec.decode(grant.clientList);
    checkClientList(signedList, { verify });
    const leaf = {
      certificate,
      attestation,
      countersignature: new Uint8Array(),
      countersigner: "",
    };
    checkLeafIdentity(leaf, { client, signatureKey, at: env.now(), verify });
    const listed = signedList.list.clients.find((one) => one.client === client);
    const fits =
      signedList.list.user === user &&
      equalBytes(deviceSigningCertificateCodec.encode(signedList.certificate), grant.certificate) &&
      listed !== undefined &&
      equalBytes(listed.signatureKey, signatureKey) &&
      equalBytes(
        crypto.ed25519PublicKey(grant.deviceSigningPrivateKey),
        certificate.deviceSigningKey,
      );
    if (!fits) throw new ApprovalFault("tampered");
  });
  return grant;
}
