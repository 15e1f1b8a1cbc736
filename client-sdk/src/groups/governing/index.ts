/** What members want of a room's rules, roles, bans and mutes, and how these stand. */
export { applyWish } from "./apply-wish.ts";
export {
  describePolicy,
  type PolicyInfo,
  type RoleInfo,
  type Sanctioned,
} from "./describe-policy.ts";
export { policyChange } from "./policy-change.ts";
export { decodePolicyWish, encodePolicyWish, type PolicyWish, usersOut } from "./wish.ts";
