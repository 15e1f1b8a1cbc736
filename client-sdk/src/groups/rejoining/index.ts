/** The way back by an external commit, and what it brings along. */
export { absenceOf, isComingBack, noteComingBack, tellAbsence } from "./away-too-long.ts";
export { askGroupInfo, fetchGroupInfo } from "./fetch-group-info.ts";
export { type FormerGroup, formerGroupOf, readFormerGroup } from "./former-group.ts";
export { type Missed, missedBy } from "./missed-by.ts";
export { checkHead, checkRecent, rejoinRoom, StaleOffer, TooManyRollbacks } from "./rejoin-room.ts";
export { forgottenText, offerText, staleText } from "./rejoin-texts.ts";
export { settleDoubt } from "./settle-doubt.ts";
export { writeRejoined } from "./write-rejoined.ts";
