import { isLoopbackHost } from "./loopback.ts";
import type { Config } from "./settings.ts";

/** What is wrong with settings that are good one by one. */
export function checkTogether(config: Config): readonly string[] {
  return [
    ...checkTls(config),
    ...checkDevelopment(config),
    ...checkMail(config),
    ...checkOidc(config),
    ...checkS3(config),
  ];
}

function checkTls({ tls, federation }: Config): readonly string[] {
  const problems: string[] = [];
  if ((tls.certificate === "") !== (tls.key === "")) {
    problems.push("tls: certificate and key belong together; set both, or none.");
  }
  if (federation.authentication === "mtls" && (tls.certificate === "" || federation.ca === "")) {
    problems.push(
      'federation.authentication: "mtls" needs tls.certificate and tls.key, which this server ' +
        "shows, and federation.ca, whose certificates it accepts.",
    );
  }
  return problems;
}

function checkDevelopment({ server, metrics, federation }: Config): readonly string[] {
  if (Object.keys(federation.development.peers).length === 0) return [];
  const listeners = [
    ["server.host", server.host],
    ...(metrics.enabled ? [["metrics.host", metrics.host]] : []),
  ] as const;
  return listeners
    .filter(([, host = ""]) => !isLoopbackHost(host))
    .map(
      ([name = "", host = ""]) =>
        `federation.development.peers: only for a server that nobody else can reach. ` +
        `${name} is ${host}; set it to 127.0.0.1, or remove the peers.`,
    );
}

function checkMail({ mail }: Config): readonly string[] {
  if ((mail.smtp_url === "") === (mail.from === "")) return [];
  return ["mail: smtp_url and from belong together; set both, or none."];
}

function checkS3({ assets }: Config): readonly string[] {
  const { s3_endpoint: endpoint, s3_bucket: bucket, s3_access_key_id: id } = assets;
  const given = [endpoint, bucket, id].filter((text) => text !== "").length;
  const secrets = [assets.s3_secret_access_key, assets.s3_secret_file].filter(
    (text) => text !== "",
  ).length;
  if (given === 0 && secrets === 0) return [];
  if (given === 3 && secrets === 1) return [];
  return [
    "assets: s3_endpoint, s3_bucket, s3_access_key_id and one of s3_secret_access_key and " +
      "s3_secret_file belong together; set all four, or none.",
  ];
}

function checkOidc({ oidc, registration }: Config): readonly string[] {
  const problems: string[] = [];
  if ((oidc.issuer === "") !== (oidc.client_id === "")) {
    problems.push("oidc: issuer and client_id belong together; set both, or none.");
  }
  if (oidc.client_secret !== "" && oidc.client_secret_file !== "") {
    problems.push("oidc: set client_secret or client_secret_file, not both.");
  }
  if (registration.mode === "oidc" && oidc.issuer === "") {
    problems.push('registration.mode: "oidc" needs oidc.issuer.');
  }
  return problems;
}
