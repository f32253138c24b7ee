import type { ConsoleEvents, ConsoleView, Sample } from '../src/console/console-view.ts';
import { element, say } from './element.ts';
import { type EventListeners, followEvents } from './event-source.ts';
import { drawSwarm } from './swarm-drawing.ts';
import { type Moment, TrafficChart } from './traffic-chart.ts';
import { bytes, percent } from './units.ts';

const SAMPLE_SECONDS = 5;
const HOUR_SECONDS = 3600;
const TOKEN = 'nearcast-admin-token';

type Timed = Sample & { readonly time: number };

const chart = new TrafficChart();
let samples: readonly Timed[] = [];
let following = new AbortController();
let chosenSwarm: string | undefined;

function timed(sample: Sample): Timed {
  return { ...sample, time: (Date.now() - sample.ageMs) / 1000 };
}

function toMoment({ time, peerBytes, edgeBytes }: Timed): Moment {
  return { time, peerPerSecond: peerBytes / SAMPLE_SECONDS, edgePerSecond: edgeBytes / SAMPLE_SECONDS };
}

function showSamples(): void {
  chart.show(samples.map(toMoment));
  const sum = (read: (sample: Timed) => number | null) => samples.reduce((all, sample) => all + (read(sample) ?? 0), 0);
  const [peer, edge] = [sum((sample) => sample.peerBytes), sum((sample) => sample.edgeBytes)];
  const isCountedAtEdge = samples.some(({ edgeSentBytes }) => edgeSentBytes !== null);
  const sent = sum((sample) => sample.edgeSentBytes);
  say('offload', percent(peer, peer + edge));
  say('edge-offload', isCountedAtEdge ? percent(peer, peer + sent) : '–');
  say('peer-bytes', bytes(peer));
  say('count-peer', bytes(peer));
  say('count-edge', bytes(edge));
  say('count-sent', isCountedAtEdge ? bytes(sent) : 'no edge is watched');
  say('count-origin', isCountedAtEdge ? bytes(sum((sample) => sample.originBytes)) : '–');
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;

function showView(view: ConsoleView): void {
  say('viewers', String(view.viewers));
  say('swarm-count', `${counted(view.swarmCount, 'swarm')}, ${counted(view.connections, 'connection')}`);
  drawSwarm(view.drawing);
  showSwarms(view);
  element('health').replaceChildren(
    ...view.health.map(({ name, isWell, detail }) => {
      const item = Object.assign(document.createElement('li'), { textContent: `${name}: ${detail}` });
      item.dataset.well = String(isWell);
      return item;
    }),
  );
}

/** Buttons are kept while the swarms are the same: a focus that is lost each second is none. */
function showSwarms({ swarms, drawing }: ConsoleView): void {
  const list = element('swarms');
  const buttons = [...list.querySelectorAll('button')];
  const isSame = buttons.length === swarms.length && swarms.every(({ id }, at) => buttons[at]?.dataset.swarm === id);
  if (!isSame) list.replaceChildren(...swarms.map(({ id }) => swarmItem(id)));
  for (const [at, button] of [...list.querySelectorAll('button')].entries()) {
    button.setAttribute('aria-pressed', String(button.dataset.swarm === drawing?.id));
    const count = button.querySelector('b');
    if (count) count.textContent = String(swarms[at]?.viewers ?? 0);
  }
}

function swarmItem(id: string): HTMLLIElement {
  const item = document.createElement('li');
  const button = Object.assign(document.createElement('button'), { type: 'button' });
  button.dataset.swarm = id;
  button.append(Object.assign(document.createElement('span'), { textContent: id }), document.createElement('b'));
  button.addEventListener('click', () => {
    chosenSwarm = id;
    follow();
  });
  item.append(button);
  return item;
}

const show: { readonly [Name in keyof ConsoleEvents]: (data: ConsoleEvents[Name]) => void } = {
  history: (history) => {
    samples = history.map(timed);
    showSamples();
  },
  sample: (sample) => {
    const now = Date.now() / 1000;
    samples = [...samples.filter(({ time }) => now - time < HOUR_SECONDS), timed(sample)];
    showSamples();
  },
  view: showView,
};

const listeners: EventListeners = {
  on: (event, data) => show[event](data),
  connected: () => connection('live', 'live'),
  lost: () => connection('lost', 'the tracker does not answer; trying again …'),
  refused: () => {
    sessionStorage.removeItem(TOKEN);
    connection('lost', 'the tracker asks for its admin token');
    element('login').hidden = false;
    element('token').focus();
  },
};

function connection(state: 'live' | 'lost', text: string): void {
  element('connection').dataset.state = state;
  say('connection', text);
}

function follow(): void {
  following.abort();
  following = new AbortController();
  const query = chosenSwarm === undefined ? '' : `?${new URLSearchParams({ swarm: chosenSwarm })}`;
  void followEvents(`./events${query}`, sessionStorage.getItem(TOKEN) ?? undefined, listeners, following.signal);
}

element('login').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem(TOKEN, element<HTMLInputElement>('token').value);
  element('login').hidden = true;
  follow();
});
follow();
