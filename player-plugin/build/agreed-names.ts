import MagicString from 'magic-string';
import ts from 'typescript';

/**
 * The names by which the plugin and `p2p-media-loader.js` know each other's parts, as both bundles have them. A browser may
 * have one of the two in its cache from another release: none of these ever changes.
 */
export const agreedNames: ReadonlyMap<string, string> = new Map([
  ['begin', 'a'],
  ['bitsPerSecond', 's'],
  ['bufferedAhead', 'h'],
  ['control', 'a'],
  ['deliver', 'm'],
  ['discarded', 's'],
  ['firstByteMs', 'a'],
  ['firstByteWithinMs', 'ew'],
  ['kind', 's'],
  ['patienceMs', 'u'],
  ['playheadMoved', 's'],
  ['position', 'a'],
  ['range', 'r'],
  ['rate', 's'],
  ['receivedFromEdge', 'l'],
  ['receivedFromPeers', 'u'],
  ['renditionChanged', 'h'],
  ['sequence', 'c'],
  ['targetDuration', 'a'],
  ['trackers', 's'],
  ['uploaded', 'm'],
  ['warned', 'h'],
  ['whole', 's'],
  ['wholeWithinMs', 'ex'],
]);

/** Gives the properties of these names their others, in a source that knows nothing else by them. */
export function renameProperties(source: string, names: ReadonlyMap<string, string>): MagicString {
  const edited = new MagicString(source);
  const look = (node: ts.Node): void => {
    const name = ts.isIdentifier(node) ? names.get(node.text) : undefined;
    if (name !== undefined && isPropertyName(node)) edited.overwrite(node.getStart(), node.end, name);
    if (name !== undefined && isShortProperty(node)) edited.appendLeft(node.getStart(), `${name}: `);
    node.forEachChild(look);
  };
  look(ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true));
  return edited;
}

function isPropertyName(node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isBindingElement(parent)) return parent.propertyName === node;
  return (
    (ts.isPropertyAccessExpression(parent) ||
      ts.isPropertyAssignment(parent) ||
      ts.isClassElement(parent) ||
      ts.isTypeElement(parent)) &&
    parent.name === node
  );
}

/** `{ name }`, where an object is made and where it is taken apart. */
function isShortProperty(node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isShorthandPropertyAssignment(parent)) return parent.name === node;
  return (
    ts.isBindingElement(parent) &&
    ts.isObjectBindingPattern(parent.parent) &&
    parent.name === node &&
    !parent.propertyName &&
    !parent.dotDotDotToken
  );
}
