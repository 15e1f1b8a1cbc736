import { Secret, TOTP } from "otpauth";
import { expect, test } from "vitest";

import { type FactorAnswer, SdkError } from "../../src/node.ts";
import { password, startServer } from "../world/server.ts";

test("R-024 a client turns its second factor on, logs in with recovery codes, and turns it off", async () => {
  await using server = await startServer();
  const alice = await server.register("alice");
  expect(await alice.factors.info()).toMatchObject({
    totp: false,
    recoveryCodes: 0,
    available: true,
  });
  const { secret } = await alice.factors.startTotp();
  const app = new TOTP({ secret: Secret.fromBase32(secret) });
  const typed = app.generate();
  const { recoveryCodes } = await alice.factors.confirmTotp(typed);
  await alice.close();

  const login = { password, login: true };
  const refused = await server.open("alice", login).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(SdkError);
  expect(refused).toMatchObject({ code: "factorRequired", help: expect.stringContaining("app") });
  // The step that turned it on is used up: a code of it opens nothing.
  const used = server.open("alice", { ...login, secondFactor: typed });
  await expect(used).rejects.toMatchObject({ code: "factorInvalid" });

  const given = ["000000", recoveryCodes[0] ?? ""];
  const asked = () => Promise.resolve(given.shift() ?? "");
  const again = await server.open("alice", { ...login, secondFactor: asked });
  expect(given).toEqual([]);
  expect(await again.factors.info()).toMatchObject({ totp: true, recoveryCodes: 9 });
  const code = recoveryCodes[1] ?? "";
  const wrong = again.factors.disableTotp({ password: "another password", code });
  await expect(wrong).rejects.toMatchObject({ code: "loginFailed" });
  const renewed = await again.factors.renewRecoveryCodes({ password, code });
  const fresh = renewed.recoveryCodes[0] ?? "";
  await again.factors.disableTotp({ password, code: fresh });
  await again.close();
  const plain = await server.open("alice", login);
  expect(await plain.factors.info()).toMatchObject({ totp: false, recoveryCodes: 0 });
});

test("R-024 R-027 the password alone makes no further client of an account with a second factor", async () => {
  await using server = await startServer();
  const alice = await server.register("alice");
  const { secret } = await alice.factors.startTotp();
  const app = new TOTP({ secret: Secret.fromBase32(secret) });
  const { recoveryCodes } = await alice.factors.confirmTotp(app.generate());
  const store = server.path("further");
  const further = { store, password, login: true };
  const refused = server.open("alice", further);
  await expect(refused).rejects.toMatchObject({ code: "factorRequired" });
  const wrong = server.open("alice", { ...further, secondFactor: "000000" });
  await expect(wrong).rejects.toMatchObject({ code: "factorInvalid" });
  expect(await alice.clients.list()).toHaveLength(1);

  const given = ["000000", recoveryCodes[0] ?? ""];
  const asked = () => Promise.resolve(given.shift() ?? "");
  const another = await server.open("alice", { ...further, secondFactor: asked });
  expect(await another.clients.list()).toHaveLength(2);
  expect(await another.factors.info()).toMatchObject({ totp: true, recoveryCodes: 9 });
});

test("R-024 a new password and the end of the account take a code, and nothing is lost without it", async () => {
  await using server = await startServer();
  const alice = await server.register("alice");
  const recoveryKey = await alice.recovery.create({ password });
  const { secret } = await alice.factors.startTotp();
  const app = new TOTP({ secret: Secret.fromBase32(secret) });
  const { recoveryCodes } = await alice.factors.confirmTotp(app.generate());
  const codes = [...recoveryCodes];
  const next = (): string => codes.pop() ?? "";
  const fresh = "a password that is new";
  const newest = "the newest password of all";
  const acts = [
    (proof: FactorAnswer) =>
      alice.account.changePassword({ oldPassword: password, newPassword: fresh, ...proof }),
    (proof: FactorAnswer) =>
      alice.recovery.resetPassword({ recoveryKey, newPassword: newest, ...proof }),
    (proof: FactorAnswer) => alice.account.delete({ password: newest, ...proof }),
  ];
  for (const act of acts) {
    await expect(act({})).rejects.toMatchObject({ code: "factorRequired" });
    await act({ secondFactor: next() });
  }
  expect(codes).toHaveLength(recoveryCodes.length - acts.length);
});
