/** Requests to other servers on behalf of own clients, which wait for the answer. */
export { createAsker } from "./ask.ts";
export { type AssetRequests, createAssetRequests } from "./assets.ts";
export { createEphemerals, type Ephemerals } from "./ephemerals.ts";
export { createHubs, type Hubs } from "./hubs.ts";
export { createRemoteUsers, type FoundRemoteUser, type RemoteUsers } from "./remote-users.ts";
export { createSubmissions } from "./submissions.ts";
