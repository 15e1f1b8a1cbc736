import { expect, test } from "vitest";
import { LOGIN_TRIES } from "../../src/authentication/login/index.ts";
import { createPerson, type Person } from "../people/person.ts";
import { register, tryLogin } from "../people/sign-in.ts";
import { openSmallServer } from "../people/small-server.ts";

const password = "correct horse battery staple";

test("R-022 who guesses waits longer each time, for a user that does not exist as well", async () => {
  await using server = await openSmallServer({ registration: "open" });
  const alice = createPerson("alice");
  await register(server.url, alice, { password });
  const waits = async (person: Person) => {
    const told: (number | undefined)[] = [];
    for (let count = 0; count < LOGIN_TRIES.freeMax + 3; count += 1) {
      const answer = await tryLogin(server.url, { ...person, password: "wrong" });
      const wait = answer.refusal?.data.retryAfterMs;
      // Answered to the millisecond of a clock that goes on meanwhile.
      told.push(wait && Math.ceil(wait / 60_000));
      if (wait !== undefined) server.advance(wait);
    }
    return told;
  };
  const known = await waits(alice);
  expect(known).toEqual([...Array<undefined>(LOGIN_TRIES.freeMax), 1, undefined, 2]);
  expect(await waits(createPerson("nobody"))).toEqual(known);
});
