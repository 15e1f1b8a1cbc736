import { unseen } from "../conformance/rule.ts";
import { attack } from "./attack.ts";
import type { Attack } from "./attack.ts";

/** Another server does what it must not: the table in federation-spec/threat-model.md. */
export const hostilePeer: readonly Attack[] = [
  attack("H-01", "signs as another server, or with another's key", {
    "FED-905": [
      "a signature over something else is refused",
      "a signature of which a header is missing or there twice is refused",
      "other forms are refused, though their octets are signed",
      "FED-131 holds for these signatures too",
    ],
    "FED-906": ["a key speaks for its own server alone"],
  }),
  attack("H-02", "passes on a request that was signed for another server", {
    "FED-901": ["asked for another domain it is misdirected"],
    "FED-905": ["a component that is not covered is missed"],
  }),
  attack("H-03", "repeats a signed request, at once and later", {
    "FED-910": ["a request that comes again is refused", "a nonce of another request is refused"],
    "FED-909": ["what is older or newer is refused, with the server's time"],
  }),
  attack("H-04", "names one room or user in the path and another inside", {
    "FED-924": [
      "a commit of another group is refused",
      "a proposal of another group is refused",
      "a message of another group is refused",
      "a request for another room's GroupInfo is refused",
    ],
    "FED-929": ["the path and the request agree"],
  }),
  attack("H-05", "leaves sequences out, goes back, sends huge ones", {
    "FED-270": ["anything else is malformed"],
    "FED-941": ["nothing is taken beyond a gap", "what was taken before is dropped"],
    "FED-943": ["an answer beyond what was ever sent", "an answer before what was taken already"],
  }),
  attack("H-06", "speaks for a room under a term that is over, or that it was not given", {
    "FED-955": ["entries and heads of it"],
    "FED-956": ["without one it is not taken"],
  }),
  attack("H-07", "sends a body octet by octet", {
    "FED-915": ["a body that comes octet by octet is not waited for"],
  }),
  attack("H-08", "sends a body without end", {
    "FED-935": [
      "a body that is announced as too long is not waited for",
      "a body without an announced length ends at the bound",
    ],
    "FED-916": ["an answer that is longer than it can be is a failure"],
  }),
  attack("H-09", "sends a compressed bomb", {
    "FED-907": ["a compressed request is refused"],
    "FED-916": ["a compressed directory is a failure", "a compressed answer is a failure"],
  }),
  attack("H-10", "sends a million tiny items, or requests", {
    "FED-944": ["512 are taken, and 513 malformed"],
    "FED-925": ["more than 512 are malformed"],
    "FED-935": ["many requests at once are answered, or put off"],
  }),
  attack("H-11", "nests deeply, or sends octets at random", {
    "FED-107": ["octets at random, and a good request cut short"],
    "FED-902": ["a directory out of its form is not believed"],
  }),
  attack("H-12", "redirects, or lets its name lead, to an inner address", {
    "FED-903": ["a redirect is not followed"],
    "FED-916": [
      "a redirected answer is not followed",
      "addresses that are not public are left alone",
      "an address is no name of a server",
    ],
  }),
  unseen(
    "H-13",
    "lets its name lead to another address at the second look-up",
    "it needs a name server that the tested server asks",
  ),
  attack("H-14", "makes its directory name endpoints elsewhere, or itself for ever", {
    "FED-903": ["unknown keys fetch nothing within the minute"],
    "FED-904": [
      "a template that leads to another host is not followed",
      "a template without TLS is not followed",
    ],
    "FED-902": ["a directory that names another domain is not believed"],
  }),
  attack("H-15", "claims KeyPackages without end, or without consent", {
    "FED-252": ["however many claims come at a time"],
    "FED-933": ["the same transaction with another body"],
    "FED-963": ["users without consent, unknown ones and those who block are one answer"],
  }),
  attack("H-16", "sends Welcomes for rooms that nobody has agreed to", {
    "FED-949": ["an introduction that is not the commit's is not believed"],
    "FED-953": [
      "a KeyPackage that was given for another room brings nobody in",
      "nor does one that was never given",
      "nor into a room that others of the server are in",
    ],
    "FED-954": ["without a head of the hub for just this entry it is dropped"],
  }),
  attack("H-17", "speaks for others' clients, and without end", {
    "FED-921": ["for a client of another domain everything is refused"],
    "FED-935": ["who asks beyond the rate makes no other one wait"],
  }),
  attack("H-18", "says that it has taken what it has not", {
    "FED-943": ["an answer beyond what was ever sent"],
    "FED-951": ["a follower notices a gap and asks for what lies between"],
  }),
  attack("H-19", "fails for ever", {
    "FED-947": ["a server that fails keeps no other one waiting"],
  }),
  attack("H-20", "has a clock that is a year ahead", {
    "FED-909": [
      "what is older or newer is refused, with the server's time",
      "it tries once more by the other one's clock",
    ],
  }),
];
