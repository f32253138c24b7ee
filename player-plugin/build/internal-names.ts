import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { agreedNames } from './agreed-names.ts';
import { type NameClashes, nameClashes } from './name-clashes.ts';

/** What the outside knows by name: everything that these types and functions lead to keeps its names. */
export interface Boundary {
  readonly file: string;
  /** All that the file exports, when absent. */
  readonly names?: readonly string[];
  /** Whether what it knows by an agreed name is not to be kept. Such a boundary is the last one. */
  readonly isAgreed?: boolean;
}

export interface NamesConfig {
  readonly entries: readonly string[];
  /** Folders with the sources whose names are ours to choose. */
  readonly own: readonly string[];
  /** Of these: what comes in another bundle. */
  readonly apart: RegExp;
  readonly boundaries: readonly Boundary[];
  /** Names that are given already, by what they are short for. */
  readonly agreed: ReadonlyMap<string, string>;
  readonly options: ts.CompilerOptions;
}

/** Of the longest name that is given. */
const SHORT_LENGTH = 2;

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The plugin as it is bundled. */
export function pluginNames(): NamesConfig {
  const { config } = ts.readConfigFile(at('../tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, at('..'), undefined, at('../tsconfig.json'));
  return {
    entries: [at('../src/index.ts'), at('../src/compat/load-beside-script.ts')],
    own: [at('../src/'), at('../../protocol/src/')],
    apart: /\/compat\/(?!load)/,
    boundaries: [
      { file: at('../src/index.ts') },
      { file: at('../../protocol/src/signalling.ts'), names: ['ViewerMessage', 'TrackerMessage'] },
      { file: at('../src/compat/p2p-media-loader.ts'), names: ['startP2PMediaLoader'], isAgreed: true },
    ],
    agreed: agreedNames,
    options,
  };
}

export interface PropertyNames {
  /** Ours to choose, with how often they stand in the sources. */
  readonly internal: ReadonlyMap<string, number>;
  /** All others. */
  readonly kept: ReadonlySet<string>;
  /** Of the internal ones, and of others that are as short. */
  readonly clashes: NameClashes;
  readonly agreed: ReadonlyMap<string, string>;
}

/**
 * Sorts the names of properties: internal are those that nothing outside the bundle ever sees or spells.
 * Not internal is a name of which any use may be something else's: what the platform or hls.js declares, what goes over
 * the wire or through the public API, what is reached by a string, and what is claimed of a value from outside (`as`).
 */
export function propertyNames(config: NamesConfig): PropertyNames {
  const program = ts.createProgram([...config.entries], { ...config.options, noEmit: true });
  const { internal, kept } = new NameSearch(config, program).result();
  for (const name of config.agreed.keys()) {
    if (!internal.has(name)) throw new Error(`"${name}" is not internal: it cannot be one of the agreed names`);
  }
  const files = program.getSourceFiles().filter((file) => isBundled(file, config));
  const short = [...kept].filter(({ length }) => length <= SHORT_LENGTH);
  return {
    internal,
    kept,
    agreed: config.agreed,
    clashes: nameClashes(program, new Set([...internal.keys(), ...short]), files),
  };
}

function isOwn(file: ts.SourceFile, { own }: NamesConfig): boolean {
  return !file.isDeclarationFile && own.some((folder) => file.fileName.startsWith(folder));
}

function isBundled(file: ts.SourceFile, config: NamesConfig): boolean {
  return isOwn(file, config) && !config.apart.test(file.fileName);
}

class NameSearch {
  readonly #config: NamesConfig;
  readonly #program: ts.Program;
  readonly #checker: ts.TypeChecker;
  readonly #uses = new Map<string, number>();
  readonly #kept = new Set<string>();
  readonly #visited = new Set<ts.Type>();
  #isAgreed = false;

  constructor(config: NamesConfig, program: ts.Program) {
    this.#config = config;
    this.#program = program;
    this.#checker = program.getTypeChecker();
  }

  result(): Pick<PropertyNames, 'internal' | 'kept'> {
    for (const boundary of this.#config.boundaries) this.#keepBoundary(boundary);
    for (const file of this.#program.getSourceFiles()) {
      if (isBundled(file, this.#config)) this.#look(file);
    }
    return { internal: new Map([...this.#uses].filter(([name]) => !this.#kept.has(name))), kept: this.#kept };
  }

  #sourceFile(name: string): ts.SourceFile {
    const file = this.#program.getSourceFile(name);
    if (!file) throw new Error(`${name} is not part of the program`);
    return file;
  }

  #keepBoundary({ file, names, isAgreed = false }: Boundary): void {
    this.#isAgreed = isAgreed;
    const module = this.#checker.getSymbolAtLocation(this.#sourceFile(file));
    for (const exported of module ? this.#checker.getExportsOfModule(module) : []) {
      if (names && !names.includes(exported.name)) continue;
      this.#kept.add(exported.name);
      const symbol = exported.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(exported) : exported;
      this.#keepType(
        symbol.flags & ts.SymbolFlags.Value
          ? this.#checker.getTypeOfSymbol(symbol)
          : this.#checker.getDeclaredTypeOfSymbol(symbol),
      );
    }
  }

  /** Every property that this type leads to. */
  #keepType(type: ts.Type): void {
    if (this.#visited.has(type)) return;
    this.#visited.add(type);
    if (type.isUnionOrIntersection()) for (const part of type.types) this.#keepType(part);
    for (const argument of this.#checker.getTypeArguments(type as ts.TypeReference)) this.#keepType(argument);
    for (const signature of [...type.getCallSignatures(), ...type.getConstructSignatures()]) {
      this.#keepType(signature.getReturnType());
      for (const parameter of signature.parameters) this.#keepType(this.#checker.getTypeOfSymbol(parameter));
    }
    // What is declared elsewhere keeps its names in any case, and leads to everything there is.
    if (!type.getProperties().some((property) => this.#isDeclaredHere(property))) {
      for (const { name } of type.getProperties()) this.#kept.add(name);
      return;
    }
    for (const property of type.getProperties()) {
      if (!this.#isAgreed || !this.#config.agreed.has(property.name)) this.#kept.add(property.name);
      this.#keepType(this.#checker.getTypeOfSymbol(property));
    }
  }

  #isDeclaredHere(symbol: ts.Symbol): boolean {
    return symbol.declarations?.some((declaration) => isOwn(declaration.getSourceFile(), this.#config)) ?? false;
  }

  #look(node: ts.Node): void {
    if (ts.isLiteralTypeNode(node)) return;
    if (ts.isExpression(node)) this.#lookAtExpression(node);
    if (ts.isBindingElement(node)) this.#lookAtBinding(node);
    else if (ts.isObjectLiteralElementLike(node) || ts.isClassElement(node)) this.#lookAtMember(node);
    ts.forEachChild(node, (child) => this.#look(child));
  }

  #lookAtExpression(node: ts.Expression): void {
    this.#keepWhatIsExpected(node);
    if (ts.isStringLiteralLike(node)) this.#lookAtText(node);
    else if (ts.isAsExpression(node)) this.#lookAtClaim(node);
    else if (ts.isCallExpression(node)) this.#lookAtCall(node);
    else if (ts.isElementAccessExpression(node)) this.#lookAtAccessByString(node);
    else if (ts.isPropertyAccessExpression(node)) this.#use(node.name, [this.#checker.getSymbolAtLocation(node.name)]);
  }

  /** @param symbols all that the name may stand for here; what is not declared is not ours */
  #use(name: ts.Node, symbols: readonly (ts.Symbol | undefined)[]): void {
    if (!ts.isIdentifier(name)) return;
    this.#uses.set(name.text, (this.#uses.get(name.text) ?? 0) + 1);
    for (const symbol of symbols) {
      const roots = symbol ? this.#checker.getRootSymbols(symbol) : [];
      const isOurs =
        roots.length > 0 && roots.every((root) => this.#isDeclaredHere(root) && !this.#isDeclaredElsewhere(root));
      if (!isOurs) this.#kept.add(name.text);
    }
  }

  #lookAtBinding({ parent, name, propertyName, dotDotDotToken }: ts.BindingElement): void {
    if (!ts.isObjectBindingPattern(parent) || dotDotDotToken) return;
    const property = propertyName ?? name;
    if (!ts.isIdentifier(property)) return;
    const type = this.#checker.getTypeAtLocation(parent);
    this.#use(property, [this.#checker.getPropertyOfType(type, property.text)]);
  }

  #lookAtMember({ name, parent }: ts.ObjectLiteralElementLike | ts.ClassElement): void {
    if (!name || !ts.isIdentifier(name)) return;
    const meant = this.#expectedOf(parent)
      .flatMap((type) => this.#partsOf(type))
      .map((part) => part.getProperty(name.text))
      .filter((symbol) => symbol !== undefined);
    this.#use(name, [this.#checker.getSymbolAtLocation(name), ...meant]);
  }

  /** What an object or a class is to be. */
  #expectedOf(holder: ts.Node): readonly (ts.Type | undefined)[] {
    if (ts.isObjectLiteralExpression(holder)) return [this.#checker.getContextualType(holder)];
    if (!ts.isClassLike(holder)) return [];
    return (holder.heritageClauses ?? []).flatMap(({ types }) =>
      types.map((one) => this.#checker.getTypeAtLocation(one)),
    );
  }

  #partsOf(type: ts.Type | undefined): readonly ts.Type[] {
    if (!type) return [];
    return type.isUnionOrIntersection() ? type.types.flatMap((part) => this.#partsOf(part)) : [type];
  }

  /** What somebody else takes here has the names that they give it; a record of theirs may have any. */
  #keepWhatIsExpected(node: ts.Expression): void {
    // A pattern that takes something apart expects whatever there is.
    if (ts.isVariableDeclaration(node.parent) && !ts.isIdentifier(node.parent.name)) return;
    const given = this.#partsOf(this.#checker.getTypeAtLocation(node)).flatMap((part) => part.getProperties());
    for (const part of this.#partsOf(this.#checker.getContextualType(node))) {
      const isAnyName = part.getStringIndexType() !== undefined;
      for (const property of given.filter((one) => this.#isDeclaredHere(one))) {
        const expected = part.getProperty(property.name);
        if (isAnyName || (expected && this.#isDeclaredElsewhere(expected))) this.#kept.add(property.name);
      }
    }
  }

  #namesOf(type: ts.Type): readonly string[] {
    return this.#partsOf(type).flatMap((part) => part.getProperties().map(({ name }) => name));
  }

  #isDeclaredElsewhere(symbol: ts.Symbol): boolean {
    return symbol.declarations?.some((declaration) => !isOwn(declaration.getSourceFile(), this.#config)) ?? false;
  }

  /** A claim about what comes from outside: its names are the outside's. */
  #lookAtClaim(node: ts.AsExpression): void {
    const given = this.#partsOf(this.#checker.getTypeAtLocation(node.expression));
    const isOurs = given.some((part) => part.getProperties().some((property) => this.#isDeclaredHere(property)));
    if (!isOurs && !ts.isConstTypeReference(node.type)) this.#keepType(this.#checker.getTypeAtLocation(node));
  }

  /** Those turn names into strings. */
  #lookAtCall(node: ts.CallExpression): void {
    if (!/^(?:Object|JSON)\.|(?:postMessage|structuredClone)$/.test(node.expression.getText())) return;
    for (const argument of node.arguments) this.#keepType(this.#checker.getTypeAtLocation(argument));
  }

  /** Text is a name only where something is looked for by it; `object[text]` is seen as such. */
  #lookAtText(node: ts.StringLiteralLike): void {
    const { parent } = node;
    const isSought = ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.InKeyword;
    if (isSought || ts.isPropertyAssignment(parent)) this.#kept.add(node.text);
  }

  #lookAtAccessByString({ expression, argumentExpression }: ts.ElementAccessExpression): void {
    const index = this.#checker.getTypeAtLocation(argumentExpression);
    if (index.flags & ts.TypeFlags.NumberLike) return;
    for (const name of this.#namesOf(this.#checker.getTypeAtLocation(expression))) this.#kept.add(name);
  }
}
