/** What players tell that is told apart by content and region. */
const PLAYER_METRICS: ReadonlySet<string> = new Set([
  'nearcast_player_delivered_bytes_total',
  'nearcast_player_uploaded_bytes_total',
  'nearcast_player_stalls_total',
  'nearcast_player_stalled_seconds_total',
  'nearcast_player_played_seconds_total',
  'nearcast_player_startup_seconds_bucket',
]);

/** The dashboards' variables as matchers; `.*` also matches series without the label. */
const CHOSEN = 'cluster=~"$cluster"';
const CHOSEN_PLAYERS = 'content=~"$content", region=~"$region"';
const CHOSEN_RENDITION = 'rendition=~"$rendition"';

function chosen(metric: string): string {
  if (PLAYER_METRICS.has(metric)) return `${CHOSEN}, ${CHOSEN_PLAYERS}`;
  return metric === 'nearcast_player_rendition_played_seconds_total' ? `${CHOSEN}, ${CHOSEN_RENDITION}` : CHOSEN;
}

/** A selector: the metric with the dashboard's variables, and more matchers. */
export function select(metric: string, matchers = ''): string {
  return `${metric}{${[chosen(metric), matchers].filter((part) => part !== '').join(', ')}}`;
}

/** All of a cluster, whatever content and region are chosen: to stand beside what an edge counts, which knows neither. */
export function wholeRate(metric: string, matchers = ''): string {
  return `sum(rate(${metric}{${[CHOSEN, matchers].filter((part) => part !== '').join(', ')}}[$__rate_interval]))`;
}

/** Per second. */
export function rate(metric: string, matchers = ''): string {
  return `rate(${select(metric, matchers)}[$__rate_interval])`;
}

export function sumRate(metric: string, matchers = '', by = ''): string {
  return `sum${by === '' ? '' : ` by (${by})`} (${rate(metric, matchers)})`;
}

/** Over the time that the dashboard shows. */
export function total(metric: string, matchers = ''): string {
  return `sum(increase(${select(metric, matchers)}[$__range]))`;
}

export function quantile(q: number, histogram: string, by = ''): string {
  const labels = by === '' ? 'le' : `le, ${by}`;
  return `histogram_quantile(${q}, sum by (${labels}) (${rate(`${histogram}_bucket`)}))`;
}

/** `a` of `a + b`, and nothing rather than NaN where nothing happened. */
export function share(part: string, whole: string): string {
  return `${part} / (${whole} > 0)`;
}

/** The sum of whatever there is, and 0 while there is nothing: for counters whose labels appear with their first event. */
export function orZero(expression: string): string {
  return `(${expression}) or vector(0)`;
}

/** A panel's query as Prometheus takes it, with the variables filled in. */
export function withoutVariables(expr: string): string {
  return expr
    .replaceAll('$__rate_interval', '1m')
    .replaceAll('$__range', '5m')
    .replaceAll('$price', '0.02')
    .replaceAll(/\$[a-z]+/g, '.*');
}
