/**
 * No control characters, no signs that turn the direction of reading, nothing lone: what somebody
 * chose as a name must not look like another one's.
 */
const forbidden = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200E\u200F\u202A-\u202E\u2066-\u2069]/u;

/** Whether a text that others chose can stand beside what this program says: it shows something. */
export function isShowable(text: string): boolean {
  return !forbidden.test(text) && /[^\p{Cf}\s]/u.test(text);
}
