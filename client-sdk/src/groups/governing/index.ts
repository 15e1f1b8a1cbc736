/** What members want of a room's rules, roles, bans and mutes, and how these stand. */
export { applyWish, type WishedPolicy } from "./apply-wish.ts";
export {
  describePolicy,
  type PolicyInfo,
  type RoleInfo,
  type Sanctioned,
} from "./describe-policy.ts";
export { decodePolicyWish, encodePolicyWish, type PolicyWish } from "./wish.ts";
