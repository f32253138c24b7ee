export { adminApp } from './admin-app.ts';
export { clientNetwork } from './client-network.ts';
export { listParser, optionsOf, parsePort, parseSize, wholeNumber } from './command-line.ts';
export { failureSentence } from './failure-sentence.ts';
export { closeServer, listen, portOf } from './http-server.ts';
export { type RunningService, runService } from './run-service.ts';
