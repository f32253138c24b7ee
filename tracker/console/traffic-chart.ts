import uPlot from 'uplot';
import { element } from './element.ts';
import { bytes } from './units.ts';

export interface Moment {
  /** Seconds since 1970. */
  readonly time: number;
  readonly peerPerSecond: number;
  readonly edgePerSecond: number;
}

const HEIGHT = 220;
const timeOfDay = (seconds: number) => new Date(seconds * 1000).toLocaleTimeString();

/** `light-dark()` only resolves in a property that takes a colour. */
function resolved(name: string): string {
  const probe = document.createElement('i');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

/** Bytes per second over the last hour; drawn anew in the other colours when day turns to night. */
export class TrafficChart {
  #plot: uPlot | undefined;
  #moments: readonly Moment[] = [];
  readonly #place = element('traffic');

  constructor() {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#build());
    new ResizeObserver(() => this.#plot?.setSize({ width: this.#place.clientWidth, height: HEIGHT })).observe(
      this.#place,
    );
    this.#build();
  }

  show(moments: readonly Moment[]): void {
    this.#moments = moments;
    this.#plot?.setData(this.#data());
  }

  #data(): uPlot.AlignedData {
    return [
      this.#moments.map(({ time }) => time),
      this.#moments.map(({ peerPerSecond }) => peerPerSecond),
      this.#moments.map(({ edgePerSecond }) => edgePerSecond),
    ];
  }

  #build(): void {
    this.#plot?.destroy();
    const axis = {
      stroke: resolved('--quiet'),
      grid: { stroke: resolved('--line') },
      ticks: { stroke: resolved('--line') },
    };
    const rate = (value: number | null) => (value === null ? '–' : `${bytes(value)}/s`);
    const series = (label: string, stroke: string) => ({
      label,
      stroke: resolved(stroke),
      width: 2,
      value: (_plot: uPlot, value: number | null) => rate(value),
    });
    this.#plot = new uPlot(
      {
        width: this.#place.clientWidth,
        height: HEIGHT,
        series: [{}, series('from peers', '--peer'), series('from the edge', '--edge')],
        axes: [
          { ...axis, space: 100, values: (_plot, times) => times.map(timeOfDay) },
          { ...axis, size: 80, values: (_plot, values) => values.map(rate) },
        ],
        scales: { y: { range: (_plot, _min, max) => [0, Math.max(1000, max * 1.1)] } },
      },
      this.#data(),
      this.#place,
    );
  }
}
