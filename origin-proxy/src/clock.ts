/** Time as a parameter, so that tests can turn it: milliseconds since 1970, as HTTP dates need them. */
export interface Clock {
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
