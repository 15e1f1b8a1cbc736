import { readFileSync } from "node:fs";
import type { Config } from "./settings.ts";

/** Puts secrets that the settings keep in files of their own where they belong, in memory alone. */
export function readSecrets(config: Config, problems: string[]): Config {
  const { assets, mail, oidc } = config;
  const password = readSecret("mail.password_file", mail.password_file, problems);
  const clientSecret = readSecret("oidc.client_secret_file", oidc.client_secret_file, problems);
  const s3Secret = readSecret("assets.s3_secret_file", assets.s3_secret_file, problems);
  return {
    ...config,
    assets: s3Secret === undefined ? assets : { ...assets, s3_secret_access_key: s3Secret },
    mail:
      password === undefined ? mail : { ...mail, smtp_url: withPassword(mail.smtp_url, password) },
    oidc: clientSecret === undefined ? oidc : { ...oidc, client_secret: clientSecret },
  };
}

function readSecret(setting: string, file: string, problems: string[]): string | undefined {
  if (file === "") return undefined;
  try {
    const secret = readFileSync(file, "utf8").replace(/\r?\n$/, "");
    if (secret !== "") return secret;
    problems.push(`${setting}: ${file} is empty.`);
  } catch {
    problems.push(`${setting}: ${file} cannot be read.`);
  }
  return undefined;
}

function withPassword(smtpUrl: string, password: string): string {
  const url = URL.parse(smtpUrl);
  if (url === null) return smtpUrl;
  url.password = encodeURIComponent(password);
  return url.href;
}
