import { createServer } from 'node:http';
import { closeServer, listen, portOf } from '@nearcast/service-kit';
import { expect, onTestFinished, test } from 'vitest';
import { EdgeWatch } from './edge-watch.ts';

async function edgeThatSays(counts: { sent: number; origin: number }, host = '127.0.0.1', port = 0): Promise<string> {
  const server = createServer((_request, response) => {
    const { sent, origin } = counts;
    response.end(
      `nearcast_edge_sent_bytes_total{kind="playlist"} 9\nnearcast_edge_sent_bytes_total{kind="segment"} ${sent}\nnearcast_edge_origin_bytes_total ${origin}\n`,
    );
  });
  await listen(server, port, host);
  onTestFinished(() => closeServer(server, 0));
  return `http://${host}:${portOf(server)}`;
}

test('what edges counted before the first look is history; an edge that was restarted counts from zero', async () => {
  const counts = { sent: 1000, origin: 100 };
  const watch = new EdgeWatch([await edgeThatSays(counts), await edgeThatSays({ sent: 5, origin: 5 })]);
  expect(await watch.look()).toEqual({ edgeSentBytes: 0, originBytes: 0 });
  Object.assign(counts, { sent: 1500, origin: 110 });
  expect(await watch.look()).toEqual({ edgeSentBytes: 500, originBytes: 10 });
  Object.assign(counts, { sent: 40, origin: 4 });
  expect(await watch.look()).toEqual({ edgeSentBytes: 40, originBytes: 4 });
  expect(watch.answered).toBe(2);
});

test('each pod behind one name is asked, those that come later too', async () => {
  const [first, second] = [
    { sent: 100, origin: 10 },
    { sent: 70_000, origin: 7 },
  ];
  const { port } = new URL(await edgeThatSays(first));
  await edgeThatSays(second, '127.0.0.2', Number(port));
  let addresses = ['127.0.0.1'];
  const watch = new EdgeWatch([`http://edge-admin:${port}`], async () => addresses);
  await watch.look();
  addresses = ['127.0.0.2', '127.0.0.1'];
  expect(await watch.look()).toEqual({ edgeSentBytes: 0, originBytes: 0 });
  expect([watch.answered, watch.total]).toEqual([2, 2]);
  first.sent += 5;
  second.sent += 30;
  expect(await watch.look()).toEqual({ edgeSentBytes: 35, originBytes: 0 });
});

test('without an answer there is no count, rather than none sent', async () => {
  const watch = new EdgeWatch(['http://127.0.0.1:1']);
  expect(await watch.look()).toBeNull();
  expect([watch.answered, watch.total]).toEqual([0, 1]);
});
