/**
 * A bug in this program: a rule between its own parts was broken.
 *
 * Nobody catches it but the outermost layer, which logs it and answers 500 without detail.
 */
export class Assertion extends Error {
  override readonly name = "Assertion";
}
