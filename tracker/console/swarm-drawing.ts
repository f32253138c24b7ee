import type { DrawnViewer, SwarmDrawing } from '../src/console/console-view.ts';
import { element, say } from './element.ts';
import { bytes, percent } from './units.ts';

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 600;
const HEIGHT = 420;
const MAX_STROKE = 10;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Regions stand on a ring, the viewers of each on a ring around its middle. */
export function placeViewers(viewers: readonly DrawnViewer[]): ReadonlyMap<string, Point> {
  const regions = [...Map.groupBy(viewers, ({ region }) => region)].sort(([a], [b]) => a.localeCompare(b));
  const outer = regions.length === 1 ? 0 : 130;
  const inner = regions.length === 1 ? 150 : Math.min(90, 280 / regions.length);
  const points = new Map<string, Point>();
  for (const [index, [, members]] of regions.entries()) {
    const middle = onRing({ x: WIDTH / 2, y: HEIGHT / 2 }, outer, index / regions.length);
    for (const [place, { id }] of members.entries()) points.set(id, onRing(middle, inner, place / members.length));
  }
  return points;
}

function onRing({ x, y }: Point, radius: number, turn: number): Point {
  const angle = 2 * Math.PI * turn - Math.PI / 2;
  return { x: x + radius * Math.cos(angle), y: y + radius * Math.sin(angle) };
}

function describe({ id, region, duty, peerBytes, edgeBytes, uploadedBytes }: DrawnViewer): string {
  const where = region === '' ? '' : ` in ${region}`;
  const does = duty > 0 ? `fetches ${percent(duty, 1)} of the stream for others` : 'has no duty';
  const had = `had ${bytes(peerBytes)} from peers, ${bytes(edgeBytes)} from the edge`;
  return `Viewer ${id.slice(0, 4)}${where}: ${does}; ${had}; sent ${bytes(uploadedBytes)}`;
}

let chosen: string | undefined;

export function drawSwarm(drawing: SwarmDrawing | null): void {
  const svg = element<SVGGElement>('drawing');
  const focused = document.activeElement?.getAttribute('data-viewer');
  say('drawing-name', drawing?.id ?? 'Nobody watches.');
  if (!drawing) {
    svg.replaceChildren();
    return;
  }
  const points = placeViewers(drawing.viewers);
  const most = Math.max(1, ...drawing.links.map((link) => link.bytes));
  const lines = drawing.links.flatMap(({ a, b, bytes: carried }) => {
    const [from, to] = [points.get(a), points.get(b)];
    if (!from || !to) return [];
    const width = 1 + (MAX_STROKE - 1) * (carried / most);
    return [
      shape('line', { x1: from.x, y1: from.y, x2: to.x, y2: to.y, 'stroke-width': width, 'data-bytes': carried }),
    ];
  });
  const circles = drawing.viewers.map((viewer) => circle(viewer, points.get(viewer.id) ?? { x: 0, y: 0 }));
  svg.replaceChildren(...lines, ...circles, ...remark(drawing));
  // The drawing is new each second; whoever moves through it by keyboard stays where they are.
  if (focused) svg.querySelector<SVGElement>(`[data-viewer="${CSS.escape(focused)}"]`)?.focus();
  const shown = drawing.viewers.find(({ id }) => id === chosen);
  if (chosen !== undefined) say('viewer', shown ? describe(shown) : 'That viewer has left.');
}

function circle(viewer: DrawnViewer, { x, y }: Point): SVGElement {
  const drawn = shape('circle', { cx: x, cy: y, r: 14, tabindex: 0, role: 'img', 'data-viewer': viewer.id });
  drawn.setAttribute('aria-label', describe(viewer));
  if (viewer.duty > 0) drawn.classList.add('duty');
  const choose = () => {
    chosen = viewer.id;
    say('viewer', describe(viewer));
  };
  drawn.addEventListener('click', choose);
  drawn.addEventListener('focus', choose);
  return drawn;
}

function remark({ undrawn }: SwarmDrawing): SVGElement[] {
  if (undrawn === 0) return [];
  const text = shape('text', { x: WIDTH / 2, y: HEIGHT - 6 });
  text.textContent = `and ${undrawn} more`;
  return [text];
}

function shape(name: string, attributes: Record<string, string | number>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}
