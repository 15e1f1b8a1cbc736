/** What belongs to a user and not to one client: contacts, the profile, privacy, settings. */
export { accountEventsOf } from "./account-events.ts";
export {
  type ClientContacts,
  contactEvent,
  type ContactIdentity,
  type ContactInfo,
  createContacts,
} from "./contacts.ts";
export { type ClientEmail, createEmail, type EmailInfo } from "./email.ts";
export {
  folderNamed,
  limitExceeded,
  type Organisation,
  organisationOf,
  organise,
  type OrganiseWish,
  unreadIn,
} from "./organise.ts";
export { checkText } from "./own-text.ts";
export { createClientPresence } from "./presence.ts";
export { type ClientPrivacy, createClientPrivacy } from "./privacy.ts";
export { type ClientProfile, createClientProfile } from "./profile.ts";
export {
  type Chosen,
  type ClientSettings,
  createChosen,
  createClientSettings,
} from "./settings.ts";
