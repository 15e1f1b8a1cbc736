import { formatAddress } from "@treehouse/protocol";
import type { Domain, UserUri } from "@treehouse/protocol";

export type Mail = { readonly subject: string; readonly text: string };

const notYou =
  "If it was not you, somebody else may read this mailbox: change its password, and name another " +
  "address with a client that is logged in.\n";

export function tokenMail(domain: Domain, user: UserUri, token: string): Mail {
  return {
    subject: `Getting back your account at ${domain}`,
    text:
      `Somebody, hopefully you, wants to set a new password for ${formatAddress(user)}.\n\n` +
      `The token is ${token}. It holds once, for 15 minutes:\n\n` +
      "  treehouse account reset --token-stdin\n\n" +
      "You get back the account, but no keys: messages from before stay unreadable, your clients " +
      "are logged out for good, and your contacts are told. If you know the password or have a " +
      "client or a recovery key, use those instead.\n\n" +
      "If it was not you, do nothing: without the token nothing happens.\n",
  };
}

export function waitMail(domain: Domain, user: UserUri, until: number): Mail {
  return {
    subject: `Your account at ${domain} waits to be reset`,
    text:
      `The token for ${formatAddress(user)} was used. Because one of the account's clients was in ` +
      `use lately, the reset waits until ${new Date(until).toISOString()}. Ask for another mail ` +
      "then, and use its token.\n\n" +
      "Until then each client that is logged in can stop it:\n\n" +
      "  treehouse account reset --cancel\n\n" +
      notYou,
  };
}

export function cancelledMail(domain: Domain, user: UserUri): Mail {
  return {
    subject: `The reset of your account at ${domain} was stopped`,
    text: `A client of ${formatAddress(user)} has stopped the reset. Nothing was changed.\n`,
  };
}

export function doneMail(domain: Domain, user: UserUri): Mail {
  return {
    subject: `Your account at ${domain} was reset`,
    text:
      `${formatAddress(user)} has a new password and new keys. All clients from before are logged ` +
      "out for good, and the contacts were told.\n\n" +
      notYou,
  };
}
