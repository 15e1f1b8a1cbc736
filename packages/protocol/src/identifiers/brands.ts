declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A DNS name in lower case: a name, never an address, and without a port. */
export type Domain = Branded<"domain">;
/** `mimi://<domain>/u/<name>` */
export type UserUri = Branded<"user">;
/** `mimi://<domain>/d/<name>/<id>`: a client (device) of that user. */
export type ClientUri = Branded<"client">;
/** `mimi://<domain>/r/<id>`; where it was founded, not where its hub is (FED-124). */
export type RoomUri = Branded<"room">;
/** `mimi://<domain>/g/<id>.<generation>`: the MLS group of one generation of a room. */
export type GroupUri = Branded<"group">;
/** `mimi://<domain>/a/<id>`: an encrypted blob at that server; the id is 32 octets in base64url. */
export type AssetUri = Branded<"asset">;
/** What entries are kept under: a room's stream or a client's inbox. */
export type StreamUri = RoomUri | ClientUri;
