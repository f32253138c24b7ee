import { fileURLToPath } from 'node:url';
import { dashboards } from './dashboards/index.ts';
import { renderDashboard } from './render.ts';

/** What Grafana imports. It is committed, so that nobody needs to run anything; a test compares. */
export function committedFiles(): { readonly file: string; readonly text: string }[] {
  return dashboards.map((dashboard) => ({
    file: fileURLToPath(new URL(`../grafana/${dashboard.uid}.json`, import.meta.url)),
    text: `${JSON.stringify(renderDashboard(dashboard), undefined, 2)}\n`,
  }));
}
