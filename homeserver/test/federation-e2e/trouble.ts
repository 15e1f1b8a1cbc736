import type { Faults } from "../../../packages/testkit/src/index.ts";
import type { FederatedWorld } from "./world.ts";

/** What goes wrong between servers all the time. */
export const weather: Partial<Faults> = {
  delayMs: [0, 6],
  connectionLoss: 0.03,
  requestLoss: 0.04,
  answerLoss: 0.06,
  duplication: 0.08,
  reordering: 0.15,
};

/** The same between clients and their server: there most travels on one connection. */
export const clientWeather: Partial<Faults> = {
  delayMs: [0, 3],
  connectionLoss: 0.1,
  requestLoss: 0.03,
  answerLoss: 0.03,
};

/** One blow, over when it resolves. */
export type Blow = { readonly name: string; readonly strike: () => Promise<void> };

/**
 * Blows against two servers, in an order that comes again and again: each server is killed, both
 * are at once, and links are cut in every way while a server is dead and comes back.
 */
export function blowsAgainst(world: FederatedWorld, hub: string, follower: string): Blow[] {
  const restart = async (...names: readonly string[]): Promise<void> => {
    await Promise.all(names.map((name) => world.server(name).kill()));
    await Promise.all(names.map((name) => world.server(name).start()));
  };
  const links = [world.link(hub, follower), world.link(follower, hub)];
  const during = async (
    change: () => void,
    names: readonly string[],
    healed: () => void,
  ): Promise<void> => {
    change();
    await restart(...names);
    healed();
  };
  const setAll = (change: Partial<Faults>) => () => {
    for (const link of links) link.set(change);
  };
  const up = setAll({ link: "up", flapping: undefined });
  const door = (link: "up" | "down") => () => {
    for (const one of world.doors) one.set({ link });
  };
  const answers = (from: string, to: string) => () =>
    world.link(from, to).set({ link: "noAnswers" });
  const cut = setAll({ link: "down" });
  const silence = setAll({ link: "silent" });
  const flap = setAll({ flapping: { upMs: [5, 60], downMs: [5, 60] } });
  const both = [hub, follower];
  return [
    { name: "the hub is killed", strike: () => restart(hub) },
    { name: "the links are cut, the follower killed", strike: () => during(cut, [follower], up) },
    { name: "both are killed", strike: () => restart(...both) },
    { name: "the links are half open, the hub killed", strike: () => during(silence, [hub], up) },
    {
      name: "answers of the follower vanish, and it is killed",
      strike: () => during(answers(hub, follower), [follower], up),
    },
    { name: "the links flap, both are killed", strike: () => during(flap, both, up) },
    { name: "the follower is killed", strike: () => restart(follower) },
    {
      name: "answers of the hub vanish, and it is killed",
      strike: () => during(answers(follower, hub), [hub], up),
    },
    {
      name: "the clients' doors are shut, the follower killed",
      strike: () => during(door("down"), [follower], door("up")),
    },
  ];
}
