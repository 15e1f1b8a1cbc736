import {
  attestationCodec,
  deviceSigningCertificateCodec,
  fromBase64Url,
  MEDIA_TYPE_JSON,
  paths,
  registrationFinishAnswerSchema,
  registrationStartAnswerSchema,
  sessionAnswerSchema,
  signedClientListCodec,
  toBase64Url,
  utf8Encode,
} from "@treehouse/protocol";
import type { Driver } from "../driver.ts";
import type { Answer } from "../http/answer.ts";
import { Missing } from "../outcome.ts";
import type { Subject } from "../subject.ts";
import { Account } from "./account.ts";
import type { ClientContext } from "./account.ts";
import { createPerson, mlsIdentityOf } from "./person.ts";

interface Registration {
  readonly subject: Subject;
  readonly driver: Driver;
  readonly invite: string | undefined;
}

/**
 * Registers a new user with one client at the tested server, over its client API. Without the right
 * to do so the check that needs the user is skipped.
 */
export async function register(
  context: ClientContext,
  { subject, driver, invite }: Registration,
  name: string,
): Promise<Account> {
  const person = createPerson(subject.domain, name);
  const password = await driver.startRegistration("an unguessable password of the suite");
  const started = registrationStartAnswerSchema.safeParse(
    allowed(
      await post(subject, paths.registrationStart(), {
        name,
        registrationRequest: password.request,
      }),
    ).json,
  );
  if (!started.success) throw new Missing("registration is not answered as documented");
  const { record } = password.finish(started.data.registrationResponse);
  const finished = registrationFinishAnswerSchema.safeParse(
    allowed(
      await post(subject, paths.registrationFinish(), {
        registrationId: started.data.registrationId,
        ...(invite === undefined ? {} : { invite }),
        registrationRecord: record,
        recoveryBundle: toBase64Url(utf8Encode("nothing to recover")),
        certificate: toBase64Url(deviceSigningCertificateCodec.encode(person.certificate)),
        clientList: toBase64Url(signedClientListCodec.encode(person.clientList)),
        attestation: toBase64Url(attestationCodec.encode(person.attestation)),
      }),
    ).json,
  );
  if (!finished.success) throw new Missing("registration is not answered as documented");
  const { session, attestationCountersignature, countersigner, clientList } = finished.data;
  const identity = mlsIdentityOf(person, {
    countersignature: fromBase64Url(attestationCountersignature),
    countersigner,
  });
  const account = new Account(context, {
    person,
    identity,
    driver,
    token: session.token,
    clientList: signedClientListCodec.decode(fromBase64Url(clientList)),
  });
  const whose = sessionAnswerSchema.safeParse((await account.get(paths.session())).json);
  account.admin = whose.success && whose.data.admin;
  return account;
}

async function post({ clients }: Subject, path: string, json: unknown): Promise<Answer> {
  return clients.send({
    method: "POST",
    path,
    headers: [
      ["host", clients.host],
      ["content-type", MEDIA_TYPE_JSON],
    ],
    body: utf8Encode(JSON.stringify(json)),
  });
}

function allowed(answer: Answer): Answer {
  if (answer.succeeded) return answer;
  throw new Missing(`a user could not be registered: ${answer.describe()}`);
}
