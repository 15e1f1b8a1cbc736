import { ENDPOINTS, mintRoomUri, userUri } from "@treehouse/protocol";
import type { Domain, EndpointName } from "@treehouse/protocol";
import { random } from "../clients/person.ts";

/** A value for the endpoint's variable that nobody knows. */
export function valueFor(endpoint: EndpointName, domain: Domain): string | undefined {
  switch (ENDPOINTS[endpoint]) {
    case undefined:
      return undefined;
    case "roomId":
      return mintRoomUri(domain, random);
    case "targetUser":
      return userUri(domain, "nobody");
    case "domain":
      return domain;
  }
}
