/** What an operator is told when something cannot start: one sentence that says what to do. */
export function failureSentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, port, address } = error as Error & { code?: string; port?: number; address?: string };
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} is in use; end what listens there or choose another port`;
    case 'EACCES':
      return port === undefined ? error.message : `port ${port} may not be used; ports below 1024 need privileges`;
    case 'EADDRNOTAVAIL':
      return `this machine has no address ${address}`;
    default:
      return error.message;
  }
}
