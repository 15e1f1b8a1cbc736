/** Whether somebody is told of a message, by the rules that the user's clients share. */
export { createNotifier, type Notifier } from "./notifier.ts";
export {
  notify,
  type NotificationLevel,
  type NotificationRules,
  type QuietHours,
  type Verdict,
} from "./notify.ts";
export { type NotificationChange, rulesFor, rulesOf, writeRoomLevel, writeRules } from "./rules.ts";
