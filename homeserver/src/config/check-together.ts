import { isLoopbackHost } from "./loopback.ts";
import type { Config } from "./settings.ts";

/** What is wrong with settings that are good one by one. */
export function checkTogether(config: Config): readonly string[] {
  return [
    ...checkTls(config),
    ...checkDevelopment(config),
    ...checkMail(config),
    ...checkOidc(config),
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
