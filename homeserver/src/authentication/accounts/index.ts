/** Accounts from their registration to their end, and how others find them. */
export { hashName } from "./account-name.ts";
export type { Enrolled } from "./create-account.ts";
export { credentialRoutes } from "./credential-routes.ts";
export { enrol, type Enrolment } from "./enrol.ts";
export { findLists, findLocalLists, findLocalUser, findUser, serverKeys } from "./find-user.ts";
export { finishRegistration } from "./finish-registration.ts";
export { createInvites, type Invite, type Invites } from "./invites.ts";
export { type PendingRegistration, startRegistration } from "./start-registration.ts";
