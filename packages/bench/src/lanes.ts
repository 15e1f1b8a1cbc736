/** Acts for each number below `count`, so many at once. */
export async function inLanes(
  count: number,
  atOnce: number,
  act: (number: number) => Promise<void>,
): Promise<void> {
  const numbers = Array.from({ length: count }, (_, number) => number).values();
  const lane = async (): Promise<void> => {
    for (const number of numbers) await act(number);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}
