import MagicString from 'magic-string';
import ts from 'typescript';

/**
 * Rewrites classes as functions that return an object, with variables for what is private: a minifier gives those one
 * letter, where `this.#x` and its declaration stay. Only classes are rewritten for which that is the same: nothing extends
 * them or is extended by them, they have nothing static, are only ever made with `new`, and speak of private parts of
 * `this` alone.
 * @param kept classes of which there are many at a time: each object would have functions of its own
 */
export function classesAsClosures(code: string, kept: readonly string[] = []): MagicString {
  const file = ts.createSourceFile('bundle.js', code, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const classes = closable(file).filter(({ name }) => !kept.includes(name));
  const printer = new Printer(code, new Set(classes.map(({ name }) => name)), new Set(classes.map(({ node }) => node)));
  const edited = new MagicString(code);
  const look = (node: ts.Node): void => {
    const text = printer.rewritten(node, undefined);
    if (text === undefined) node.forEachChild(look);
    else edited.overwrite(node.getStart(), node.end, text);
  };
  look(file);
  return edited;
}

interface NamedClass {
  readonly name: string;
  readonly node: ts.ClassLikeDeclaration;
}

/** What `this` and its private parts are called inside of a class that is rewritten. */
interface Scope {
  readonly getters: ReadonlySet<string>;
  usesSelf: boolean;
}

const SELF = '$self';
const variableOf = (privateName: string) => `$${privateName.slice(1)}`;

function closable(file: ts.SourceFile): NamedClass[] {
  const found: NamedClass[] = [];
  const look = (node: ts.Node): void => {
    const name = ts.isClassLike(node) ? nameOf(node) : undefined;
    if (ts.isClassLike(node) && name !== undefined && isPlain(node)) found.push({ name, node });
    node.forEachChild(look);
  };
  look(file);
  return found.filter(({ name }) => isOnlyMade(file, name));
}

/** `class X` or `var X = class`. */
function nameOf(node: ts.ClassLikeDeclaration): string | undefined {
  if (node.name) return node.name.text;
  return ts.isVariableDeclaration(node.parent) && ts.isIdentifier(node.parent.name) ? node.parent.name.text : undefined;
}

function isPlain(node: ts.ClassLikeDeclaration): boolean {
  if (node.heritageClauses || (ts.isClassExpression(node) && node.name)) return false;
  return node.members.every(
    (member) =>
      !ts.isClassStaticBlockDeclaration(member) &&
      !(
        ts.canHaveModifiers(member) && ts.getModifiers(member)?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword)
      ) &&
      !(ts.isSetAccessor(member) && ts.isPrivateIdentifier(member.name)) &&
      !(member.name && ts.isComputedPropertyName(member.name)) &&
      speaksOfItselfOnly(member),
  );
}

/** No private part of anything but `this`, and none where `this` is another. */
function speaksOfItselfOnly(member: ts.Node): boolean {
  let speaks = true;
  const look = (node: ts.Node, isOwnThis: boolean): void => {
    if (ts.isPrivateIdentifier(node) && node.parent !== member) {
      const { parent } = node;
      speaks &&=
        isOwnThis && ts.isPropertyAccessExpression(parent) && parent.expression.kind === ts.SyntaxKind.ThisKeyword;
    }
    node.forEachChild((child) => {
      if (!ts.isClassLike(child)) look(child, isOwnThis && !hasOwnThis(child));
    });
  };
  look(member, true);
  return speaks;
}

function hasOwnThis(node: ts.Node): boolean {
  if (ts.isFunctionExpression(node) || ts.isFunctionDeclaration(node)) return true;
  return (ts.isMethodDeclaration(node) || ts.isAccessor(node)) && ts.isObjectLiteralExpression(node.parent);
}

function isOnlyMade(file: ts.SourceFile, name: string): boolean {
  let isOnly = true;
  const look = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && node.text === name && isReference(node)) {
      isOnly &&= ts.isNewExpression(node.parent) && node.parent.expression === node;
    }
    node.forEachChild(look);
  };
  look(file);
  return isOnly;
}

function isReference({ parent }: ts.Identifier): boolean {
  return !(ts.isVariableDeclaration(parent) || ts.isClassLike(parent) || ts.isPropertyAccessExpression(parent));
}

class Printer {
  readonly #code: string;
  readonly #names: ReadonlySet<string>;
  readonly #classes: ReadonlySet<ts.Node>;

  constructor(code: string, names: ReadonlySet<string>, classes: ReadonlySet<ts.Node>) {
    this.#code = code;
    this.#names = names;
    this.#classes = classes;
  }

  /** What stands in place of this node, if it is not to stay. @param scope of the class whose `this` it is, if there is one */
  rewritten(node: ts.Node, scope: Scope | undefined): string | undefined {
    if (ts.isClassLike(node) && this.#classes.has(node)) return this.#printClass(node);
    if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && this.#names.has(node.expression.text)) {
      const given = node.arguments?.map((argument) => this.#print(argument, scope)) ?? [];
      return `${node.expression.text}(${given.join(',')})`;
    }
    return scope && this.#printOwn(node, scope);
  }

  /** The node's source with what comes before it. */
  #print(node: ts.Node, scope: Scope | undefined): string {
    const inner = hasOwnThis(node) ? undefined : scope;
    const text = this.rewritten(node, inner);
    return text === undefined
      ? this.#printParts(node, node.pos, inner)
      : this.#code.slice(node.pos, node.getStart()) + text;
  }

  #printParts(node: ts.Node, from: number, scope: Scope | undefined): string {
    let text = '';
    let at = from;
    node.forEachChild((child) => {
      // What comes before the first part may be left out.
      const part = this.#print(child, scope).slice(Math.max(0, at - child.pos));
      text += this.#code.slice(at, Math.max(at, child.pos)) + part;
      at = child.end;
    });
    return text + this.#code.slice(at, node.end);
  }

  #printOwn(node: ts.Node, scope: Scope): string | undefined {
    if (ts.isPropertyAccessExpression(node) && ts.isPrivateIdentifier(node.name)) {
      const name = node.name.text;
      return variableOf(name) + (scope.getters.has(name) ? '()' : '');
    }
    if (node.kind !== ts.SyntaxKind.ThisKeyword) return undefined;
    scope.usesSelf = true;
    return SELF;
  }

  #printClass(node: ts.ClassLikeDeclaration): string {
    const getters = node.members.filter((member) => ts.isGetAccessor(member) && isPrivate(member));
    const scope: Scope = { getters: new Set(getters.map(({ name }) => name?.getText() ?? '')), usesSelf: false };
    const begin = node.members.find(ts.isConstructorDeclaration);
    const parameters = begin?.parameters.map((parameter) => this.#print(parameter, scope)).join(',') ?? '';
    const isOther = (member: ts.ClassElement) => member !== begin && !isPrivate(member);
    const shown = node.members.filter(isOther).map((member) => this.#printShown(member, scope));
    const hidden = node.members.filter(isPrivate).map((member) => this.#printPrivate(member, scope));
    const run = begin?.body?.statements.map((statement) => this.#print(statement, scope)) ?? [];
    const object = `{${shown.filter((text) => text !== '').join(',')}}`;
    const made = [...hidden, ...run].join('');
    const body = scope.usesSelf ? `const ${SELF}=${object};${made};return ${SELF};` : `${made};return ${object};`;
    const modifiers = node.modifiers?.map((modifier) => `${modifier.getText()} `).join('') ?? '';
    return `${modifiers}function ${node.name?.text ?? ''}(${parameters}){${body}}`;
  }

  /** A field that begins with nothing needs no place: reading it gives the same. */
  #printShown(member: ts.ClassElement, scope: Scope): string {
    if (!ts.isPropertyDeclaration(member)) return this.#printParts(member, member.getStart(), scope);
    return member.initializer ? `${member.name.getText()}:${this.#print(member.initializer, scope)}` : '';
  }

  #printPrivate(member: ts.ClassElement, scope: Scope): string {
    const name = variableOf(member.name?.getText() ?? '');
    if (ts.isPropertyDeclaration(member)) {
      return member.initializer ? `let ${name}=${this.#print(member.initializer, scope)};` : `let ${name};`;
    }
    const { modifiers, asteriskToken, parameters, body } = member as ts.MethodDeclaration;
    const given = parameters.map((parameter) => this.#print(parameter, scope)).join(',');
    const isAsync = modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword);
    const head = `${isAsync ? 'async ' : ''}function${asteriskToken ? '*' : ''} ${name}`;
    return `${head}(${given})${body ? this.#print(body, scope) : '{}'}`;
  }
}

function isPrivate({ name }: ts.ClassElement): boolean {
  return name !== undefined && ts.isPrivateIdentifier(name);
}
