export const programs: Record<
  string,
  { environment: string; find: () => string | undefined; packages: Record<string, string> }
>;
