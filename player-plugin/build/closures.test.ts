import { expect, test } from 'vitest';
import { classesAsClosures } from './closures.ts';

/** Runs a program that ends with an expression, as it is and rewritten. */
function bothWays(source: string, kept: readonly string[] = []): { before: unknown; after: unknown; code: string } {
  const code = classesAsClosures(source, kept).toString();
  const run = (text: string): unknown => new Function(text)();
  return { before: run(source), after: run(code), code };
}

test.each([
  [
    'fields, methods, accessors',
    'class A { #n = 1; m = 2; add(k) { this.#n += k; return this; } get n() { return this.#n * this.m; } set n(k) { this.#n = k; } } const a = new A().add(4); const first = a.n; a.n = 7; return [first, a.n];',
  ],
  [
    'a constructor with defaults, and what it leaves undefined',
    'class A { #deps; #late; id; constructor({ x } = { x: 3 }, ...rest) { this.#deps = rest; this.id = x; } get all() { return [this.#deps, this.#late, this.id]; } } return new A(undefined, 1, 2).all;',
  ],
  [
    'private methods, also asynchronous and generating',
    'class A { #go(k) { return k + 1; } async #later() {} *#each() { yield 1; yield 2; } run() { return [this.#go(1), this.#later() instanceof Promise, ...this.#each()]; } } return new A().run();',
  ],
  [
    'a private getter',
    'class A { #n = 2; get #twice() { return this.#n * 2; } of() { return this.#twice + 1; } } return new A().of();',
  ],
  [
    'this in arrow functions, and another one in functions',
    'class A { n = 5; f = () => this.n; g() { return [1].map(() => this.n)[0] + { n: 7, get() { return this.n; } }.get(); } } const a = new A(); return [a.f(), a.g()];',
  ],
  [
    'an object that hands itself on',
    'class A { #seen = []; join(list) { list.push(this); this.#seen.push(list.length); return this.#seen; } } const list = []; return [new A().join(list), list.length];',
  ],
  [
    'optional calls and destructured private parts',
    'class A { #f = undefined; #o = { x: 1 }; go() { const { x } = this.#o; return [this.#f?.(), x, this.#o?.x]; } } return new A().go();',
  ],
  [
    'one class that makes another',
    'const B = class { #n; constructor(n) { this.#n = n; } get n() { return this.#n; } }; class A { #b = new B(3); c() { return [new B(4).n, this.#b.n]; } } return new A().c();',
  ],
])('%s are the same', (_what, source) => {
  const { before, after, code } = bothWays(source);
  expect(after).toEqual(before);
  expect(code).not.toMatch(/class|this\.#|new [AB]/);
});

test.each([
  [
    'it extends another, or is extended',
    'class A { #n = 1; n() { return this.#n; } } class B extends A {} return new B().n();',
  ],
  ['it has something static', 'class A { static made = 3; } new A(); return A.made;'],
  ['it is asked for', 'class A {} return new A() instanceof A;'],
  [
    'it looks into another of its kind',
    'class A { #n = 1; same(other) { return other.#n === this.#n; } } return new A().same(new A());',
  ],
  [
    'a function with another this looks into it',
    'class A { #n = 1; n() { return function () { return this.#n; }.call(this); } } return new A().n();',
  ],
])('a class stays when %s', (_when, source) => {
  const { before, after, code } = bothWays(source);
  expect(after).toEqual(before);
  expect(code).toMatch(/class A/);
});

test('a class that is to stay does', () => {
  expect(bothWays('class A { #n = 1; n() { return this.#n; } } return new A().n();', ['A']).code).toMatch(/class A/);
});
