import { formatAddress, Refusal, type UserUri } from "@treehouse/protocol";

export function noConsent(user: UserUri): Refusal {
  const address = formatAddress(user);
  return new Refusal(
    "noConsent",
    `${address} has not agreed to be added by you; send a contact request first`,
  );
}
