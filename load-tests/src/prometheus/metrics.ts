/** What a service of this machine says of itself, in Prometheus' text format. */
export async function fetchMetrics(adminPort: number): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
}

/** Sum of a metric's samples whose labels contain `labels` as they are printed, e.g. `source="peer"`; 0 without any. */
export function metricSum(metrics: string, name: string, labels = ''): number {
  return metrics
    .split('\n')
    .filter((line) => line.startsWith(name) && /[ {]/.test(line[name.length] ?? '') && line.includes(labels))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
