import { expect, test } from 'vitest';
import type { Frame } from './frames.ts';
import { parseLetter } from './letter.ts';
import { Mail } from './mail.ts';

const frame = (number: number): Frame => ({ is: 'tell', viewer: `viewer${number}`, text: '{}' });

/** Time that the test moves on. */
class ManualClock {
  #now = 0;
  #due: { at: number; run: () => void }[] = [];

  readonly now = (): number => this.#now;

  readonly after = (ms: number, run: () => void): (() => void) => {
    const entry = { at: this.#now + ms, run };
    this.#due.push(entry);
    return () => void this.#due.splice(this.#due.indexOf(entry), 1);
  };

  async pass(ms: number): Promise<void> {
    this.#now += ms;
    const due = this.#due.filter(({ at }) => at <= this.#now);
    this.#due = this.#due.filter(({ at }) => at > this.#now);
    for (const { run } of due) run();
    // What waited for a timer or for an answer goes on.
    await new Promise(setImmediate);
  }
}

function open() {
  const clock = new ManualClock();
  const letters: { to: string; frames: number }[] = [];
  const publish = async (to: string, text: string) => {
    letters.push({ to, frames: parseLetter(text)?.frames.length ?? 0 });
    return true;
  };
  const nothing = () => undefined;
  const events = { sent: nothing, lost: nothing, unreachable: nothing, broken: nothing };
  return { clock, letters, mail: new Mail({ publish }, () => 'self', clock, events) };
}

test('what is said after silence goes at once, and what follows it together', async () => {
  const { clock, letters, mail } = open();
  mail.send('other', frame(1));
  mail.send('third', frame(1));
  mail.send('other', frame(2));
  await clock.pass(0);
  expect(letters).toEqual([
    { to: 'other', frames: 2 },
    { to: 'third', frames: 1 },
  ]);
  for (let number = 0; number < 24; number++) {
    mail.send('other', frame(number));
    await clock.pass(1);
  }
  expect(letters).toHaveLength(2);
  await clock.pass(1);
  expect(letters.slice(2)).toEqual([{ to: 'other', frames: 24 }]);
  await clock.pass(100);
  mail.send('other', frame(3));
  await clock.pass(0);
  expect(letters.slice(3)).toEqual([{ to: 'other', frames: 1 }]);
});

test('whole letters do not wait', async () => {
  const { clock, letters, mail } = open();
  for (let number = 0; number < 600; number++) mail.send('other', frame(number));
  await clock.pass(0);
  expect(letters.map(({ frames }) => frames)).toEqual([256, 256]);
  await clock.pass(25);
  expect(letters.map(({ frames }) => frames)).toEqual([256, 256, 88]);
});
