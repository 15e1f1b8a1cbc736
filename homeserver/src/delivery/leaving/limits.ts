/**
 * How long a revoked client keeps its leaf in a room in which its user has no other one: cut off, and
 * for another client of the user to come in beside it (FED-970).
 */
export const revokedLeafKeptMs = 7 * 24 * 60 * 60 * 1000;
