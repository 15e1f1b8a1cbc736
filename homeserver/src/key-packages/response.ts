import type { ClientKeyMaterial, KeyMaterialResponse, UserUri } from "@treehouse/protocol";

/** What a claim of a user's KeyPackages comes to, by what there was for each client. */
export function responseOf(
  user: UserUri,
  clients: readonly ClientKeyMaterial[],
): KeyMaterialResponse {
  const successes = clients.filter(({ status }) => status === "success").length;
  if (successes === 0) return { status: "noCompatibleMaterial", user, clients };
  const status = successes === clients.length ? "success" : "partialSuccess";
  return { status, user, clients };
}
