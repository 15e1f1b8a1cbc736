/** Why a query is not understood. The set is closed; texts may change. */
export type QueryFaultCode =
  | "empty"
  | "tooLong"
  | "unclosedQuote"
  | "unknownField"
  | "unknownValue"
  | "badDate"
  | "nothingToFind"
  | "unknownPerson"
  | "unknownConversation"
  | "cursorInvalid";

/** A query that means nothing; `position` is where, in UTF-16 units from its beginning. */
export class QueryFault extends Error {
  override readonly name = "QueryFault";
  readonly code: QueryFaultCode;
  readonly position: number;

  constructor(code: QueryFaultCode, message: string, position: number) {
    super(message);
    this.code = code;
    this.position = position;
  }
}
