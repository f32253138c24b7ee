import { startPinned, stopProcess } from './pinned-process.ts';

/** A process of its own whose functions are called from here. */
export interface Remote<Functions> {
  call<Name extends keyof Functions & string>(
    name: Name,
    ...args: Functions[Name] extends (...args: infer Args) => unknown ? Args : never
  ): Promise<Functions[Name] extends (...args: never) => infer Result ? Awaited<Result> : never>;
  stop(): Promise<void>;
}

interface Call {
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

type Answer = { readonly id: number } & ({ readonly result: unknown } | { readonly error: string });

// biome-ignore lint/suspicious/noExplicitAny: arguments and results are whatever the functions on the other side take and give
type AnyFunctions = Readonly<Record<string, (...args: any[]) => unknown>>;

/** In the child: makes these functions callable. */
export function offerCalls(functions: AnyFunctions): void {
  const answer = async ({ id, name, args }: Call): Promise<Answer> => {
    try {
      return { id, result: await functions[name]?.(...args) };
    } catch (error) {
      return { id, error: error instanceof Error ? error.message : String(error) };
    }
  };
  process.on('message', (message) => {
    void answer(message as Call).then((given) => process.send?.(given));
  });
  process.once('disconnect', () => process.exit(0));
}

/** Starts a file that offers calls. A call fails when the process ends before it answers. */
export async function startRemote<Functions>(file: string): Promise<Remote<Functions>> {
  const child = await startPinned(file, 'load');
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  let lastId = 0;
  child.on('message', (message) => {
    const answer = message as Answer;
    const caller = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('error' in answer) caller?.reject(new Error(answer.error));
    else caller?.resolve(answer.result);
  });
  let hasEnded = false;
  child.once('exit', () => {
    hasEnded = true;
    for (const { reject } of waiting.values()) reject(new Error('the load generator ended early'));
  });
  return {
    call(name, ...args) {
      if (hasEnded) return Promise.reject(new Error('the load generator has ended'));
      lastId += 1;
      const call: Call = { id: lastId, name, args };
      const answered = new Promise<unknown>((resolve, reject) => waiting.set(call.id, { resolve, reject }));
      child.send(call);
      return answered as never;
    },
    stop: () => stopProcess(child),
  };
}
