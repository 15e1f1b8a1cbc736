import ipaddr from "ipaddr.js";

/** Whether anybody on the Internet can have this address: no address of a house, a machine or a cloud. */
export function isPublic(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.parse(address).range() === "unicast";
}

/** Which addresses may be asked. */
export type Permit = (address: string) => boolean;
