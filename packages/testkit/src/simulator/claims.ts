import { createHash } from "node:crypto";
import {
  domainOf,
  type HttpRequest,
  type HttpResponse,
  keyMaterialResponseCodec,
  type KeyMaterialResponse,
} from "@treehouse/protocol";
import type { SimWorld } from "./sim-world.ts";

const local = "/v1/key-material";
const federated = /^\/federation\/v1\/key-material\//;

/**
 * Reads what servers hand out: no KeyPackage goes to two claims (I12), unless it is one of last
 * resort. The same transaction of a peer, however often it comes, is one claim.
 */
export class Claims {
  readonly #world: SimWorld;
  readonly #claimOf = new Map<string, string>();
  #serial = 0;

  constructor(world: SimWorld) {
    this.#world = world;
  }

  answered(at: string, request: HttpRequest, { status, body }: HttpResponse): void {
    const { pathname } = new URL(request.url);
    const fromPeer = federated.test(pathname);
    if (status !== 200 || (pathname !== local && !fromPeer)) return;
    const response = keyMaterialResponseCodec.decode(body);
    // What a server has fetched from another one was looked at there.
    if (domainOf(response.user) !== at) return;
    this.#serial += 1;
    const transaction = fromPeer ? request.headers?.["mimi-transaction-id"] : undefined;
    this.#take(response, transaction ?? `local ${this.#serial}`);
  }

  #take({ clients }: KeyMaterialResponse, claim: string): void {
    for (const material of clients) {
      if (material.status !== "success") continue;
      const { client, keyPackage } = material;
      const name = createHash("sha256").update(keyPackage).digest("base64url");
      const first = this.#claimOf.get(name);
      this.#world.probe(first === claim ? "claim repeated" : "KeyPackage claimed");
      if (first === undefined) this.#claimOf.set(name, claim);
      else if (first !== claim && !isLastResort(keyPackage)) {
        this.#world.violate("I12", `a KeyPackage of ${client} was handed out twice`);
      }
    }
  }
}

/** Its only extension, last_resort without content, lies before the signature (RFC 9420 §10). */
function isLastResort(keyPackage: Uint8Array): boolean {
  const signature = 2 + 64;
  const extensions = keyPackage.subarray(-signature - 4, -signature);
  return [3, 0, 0x0a, 0].every((octet, index) => extensions[index] === octet);
}
