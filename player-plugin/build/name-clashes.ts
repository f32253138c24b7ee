import ts from 'typescript';

/** Which names may be those of one object, and so cannot be shortened to the same; by name. */
export type NameClashes = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Finds the names that two properties of one object may have. Others may share a short one: a value is only ever asked for
 * what its type has.
 *
 * Three things have an object know more names than the type under which it is used: it is of a type that can be assigned to
 * that (then what this type has optionally must not be found in it), it is spread into another (then what it brings unseen
 * must not replace what is there), or it is claimed to be something else (`as`).
 * @param names those that matter
 * @param files that make or use the objects
 */
export function nameClashes(
  program: ts.Program,
  names: ReadonlySet<string>,
  files: readonly ts.SourceFile[],
): NameClashes {
  return new ClashSearch(program.getTypeChecker(), names, files).result();
}

interface Copy {
  readonly from: readonly ts.Type[];
  readonly to: readonly ts.Type[];
}

class ClashSearch {
  readonly #checker: ts.TypeChecker;
  readonly #names: ReadonlySet<string>;
  readonly #clashes = new Map<string, Set<string>>();
  readonly #types = new Set<ts.Type>();
  readonly #copies: Copy[] = [];
  /** What objects of a type may have besides: it was spread into them from what has more than its type says. */
  readonly #unseen = new Map<ts.Type, Set<string>>();

  constructor(checker: ts.TypeChecker, names: ReadonlySet<string>, files: readonly ts.SourceFile[]) {
    this.#checker = checker;
    this.#names = names;
    for (const name of names) this.#clashes.set(name, new Set());
    for (const file of files) this.#look(file);
  }

  result(): NameClashes {
    for (const type of this.#types) this.#clash(this.#namesOf(type), this.#namesOf(type));
    while (this.#copies.filter((copy) => this.#copyUnseen(copy)).length > 0);
    for (const type of this.#types) this.#keepAbsent(type);
    return this.#clashes;
  }

  #look(node: ts.Node): void {
    if (ts.isExpression(node)) {
      this.#see(this.#checker.getTypeAtLocation(node));
      this.#see(this.#checker.getContextualType(node));
    } else if (ts.isTypeNode(node) || ts.isClassLike(node) || ts.isInterfaceDeclaration(node)) {
      this.#see(this.#checker.getTypeAtLocation(node));
    }
    if (ts.isSpreadAssignment(node)) this.#lookAtCopy(node.expression, node.parent);
    if (ts.isBindingElement(node) && node.dotDotDotToken) this.#lookAtCopy(node.parent, node.name);
    if (ts.isAsExpression(node)) this.#lookAtClaim(node);
    node.forEachChild((child) => this.#look(child));
  }

  #see(type: ts.Type | undefined): void {
    for (const part of this.#partsOf(type)) this.#types.add(part);
  }

  #lookAtCopy(from: ts.Node, to: ts.Node): void {
    this.#copies.push({ from: this.#partsAt(from), to: this.#partsAt(to) });
  }

  #lookAtClaim(node: ts.AsExpression): void {
    const types = [node, node.expression].flatMap((one) => this.#partsAt(one));
    const names = types.flatMap((type) => this.#namesOf(type));
    this.#clash(names, names);
  }

  #partsAt(node: ts.Node): readonly ts.Type[] {
    return this.#partsOf(this.#checker.getTypeAtLocation(node));
  }

  /** As it is written down, a literal cannot be assigned to what has less; wider, as it is from then on, it can. */
  #partsOf(type: ts.Type | undefined): readonly ts.Type[] {
    if (!type) return [];
    return type.isUnion() ? type.types.flatMap((part) => this.#partsOf(part)) : [this.#checker.getWidenedType(type)];
  }

  #namesOf(type: ts.Type): readonly string[] {
    const names = type.getProperties().map(({ name }) => name);
    return [...names.filter((name) => this.#names.has(name)), ...(this.#unseen.get(type) ?? [])];
  }

  #clash(some: readonly string[], others: readonly string[]): void {
    for (const one of some) {
      for (const other of others) {
        if (one === other) continue;
        this.#clashes.get(one)?.add(other);
        this.#clashes.get(other)?.add(one);
      }
    }
  }

  /** @returns whether this found something */
  #copyUnseen({ from, to }: Copy): boolean {
    const brought = from.flatMap((type) => this.#namesAssignableTo(type));
    let hasFound = false;
    for (const type of to) {
      const known = new Set(this.#namesOf(type));
      const more = brought.filter((name) => !known.has(name));
      if (more.length === 0) continue;
      hasFound = true;
      this.#unseen.set(type, new Set([...(this.#unseen.get(type) ?? []), ...more]));
      this.#clash([...known], more);
    }
    return hasFound;
  }

  #keepAbsent(type: ts.Type): void {
    const optional = type
      .getProperties()
      .filter(({ name, flags }) => this.#names.has(name) && flags & ts.SymbolFlags.Optional)
      .map(({ name }) => name);
    if (optional.length > 0) this.#clash(optional, this.#namesAssignableTo(type));
  }

  #namesAssignableTo(type: ts.Type): readonly string[] {
    return [...this.#types].flatMap((one) => {
      const names = this.#namesOf(one);
      return names.length > 0 && this.#checker.isTypeAssignableTo(one, type) ? names : [];
    });
  }
}
