import { fileURLToPath } from 'node:url';

interface WholeStays {
  readonly program: string;
  readonly meanStayMs: number;
  readonly viewersPerSwarm: number;
  /** Until the server is compiled. */
  readonly warmUpMs: number;
}

/** What benchmarks of whole stays have in common. */
export const wholeStays: WholeStays = {
  program: fileURLToPath(new URL('./viewers/whole-sessions.ts', import.meta.url)),
  meanStayMs: 20 * 60_000,
  viewersPerSwarm: 100,
  warmUpMs: 10_000,
};

/**
 * Each arm once per round, so that a busy machine is busy for all.
 * @param turn is given what this arm's turn came to in the round before
 * @returns by arm, in the order of rounds
 */
export async function inTurns<Arm, Turn>(
  arms: readonly Arm[],
  rounds: number,
  turn: (arm: Arm, former: Turn | undefined) => Promise<Turn>,
): Promise<(readonly Turn[])[]> {
  const turns = arms.map((): Turn[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, arm] of arms.entries()) turns[index]?.push(await turn(arm, turns[index]?.at(-1)));
  }
  return turns;
}
