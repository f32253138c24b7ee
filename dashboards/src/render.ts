import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  type Dashboard as GrafanaDashboard,
  QueryVariableBuilder,
  RowBuilder,
  TextBoxVariableBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { Dashboard, Panel } from './panel.ts';

const DATASOURCE = { type: 'prometheus', uid: '$datasource' };
const HEIGHT = 8;
const NUMBER_HEIGHT = 5;
const TAG = 'nearcast';

export function renderDashboard(dashboard: Dashboard): GrafanaDashboard {
  const builder = new DashboardBuilder(dashboard.title)
    .uid(dashboard.uid)
    .description(dashboard.description)
    .tags([TAG])
    .refresh('30s')
    .time({ from: 'now-6h', to: 'now' })
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .link(
      new DashboardLinkBuilder('Other questions')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    )
    .variables(variables(dashboard));
  let id = 1;
  for (const row of dashboard.rows) {
    builder.withRow(new RowBuilder(row.title).id(id++));
    for (const panel of row.panels) builder.withPanel(panelBuilder(panel).id(id++));
  }
  return builder.build();
}

const CONNECTIONS = '{__name__=~"nearcast_(tracker_connections|edge_sending)"}';

function variables({ choices = [], hasPrice }: Dashboard) {
  const datasource = new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus');
  const cluster = labelVariable(
    'cluster',
    'Cluster',
    'Of your Prometheus label `cluster`; without one, All is everything.',
    CONNECTIONS,
  );
  const chosen = choices.map((name) => choiceVariables[name]());
  const runbooks = textBox('runbooks', 'Runbooks', 'Where you keep dashboards/runbooks/, as a URL.', '/runbooks');
  const price = textBox('price', 'Price per GB', 'What a gigabyte from the edge costs you, in your currency.', '0.02');
  return [datasource, cluster, ...chosen, ...(hasPrice ? [price] : []), runbooks];
}

const DELIVERED = 'nearcast_player_delivered_bytes_total{cluster=~"$cluster"}';
const RENDITIONS = 'nearcast_player_rendition_played_seconds_total{cluster=~"$cluster"}';

const choiceVariables = {
  content: () => labelVariable('content', 'Content', 'As `--content-labels` of the tracker says.', DELIVERED),
  region: () => labelVariable('region', 'Region', 'Of viewers, as `--region-labels` of the tracker says.', DELIVERED),
  rendition: () => labelVariable('rendition', 'Rendition', 'Chooses in panels about renditions.', RENDITIONS),
};

function labelVariable(label: string, title: string, description: string, series: string) {
  return new QueryVariableBuilder(label)
    .label(title)
    .description(description)
    .datasource(DATASOURCE)
    .query({ query: `label_values(${series}, ${label})`, refId: label })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .includeAll(true)
    .allValue('.*')
    .multi(true);
}

function textBox(name: string, label: string, description: string, value: string) {
  return new TextBoxVariableBuilder(name)
    .label(label)
    .description(description)
    .defaultValue(value)
    .current({ text: value, value });
}

type Builder = StatBuilder | TimeSeriesBuilder;

function panelBuilder(panel: Panel): Builder {
  const builder = panel.shows === 'number' ? numberPanel() : trendPanel(panel);
  builder
    .title(panel.title)
    .description(panel.description)
    .datasource(DATASOURCE)
    .unit(panel.unit)
    .span(panel.width ?? (panel.shows === 'number' ? 6 : 12))
    .thresholds(
      new ThresholdsConfigBuilder()
        .mode(ThresholdsMode.Absolute)
        .steps(
          (panel.thresholds ?? [{ from: null, color: 'green' }]).map(({ from, color }) => ({ value: from, color })),
        ),
    )
    .targets(
      panel.queries.map(({ expr, legend }, index) =>
        new DataqueryBuilder()
          .expr(expr)
          .legendFormat(legend)
          .refId(String.fromCharCode('A'.charCodeAt(0) + index)),
      ),
    );
  if (panel.unit === 'percentunit') builder.min(0).max(1);
  if (panel.runbook !== undefined) {
    builder.links([
      new DashboardLinkBuilder('Runbook')
        .type(DashboardLinkType.Link)
        .url(`\${runbooks}/${panel.runbook}.md`)
        .targetBlank(true),
    ]);
  }
  return builder;
}

function numberPanel(): StatBuilder {
  return new StatBuilder()
    .height(NUMBER_HEIGHT)
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.Area)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']));
}

function trendPanel({ shows, thresholds }: Panel): TimeSeriesBuilder {
  const builder = new TimeSeriesBuilder()
    .height(HEIGHT)
    .lineWidth(1)
    .fillOpacity(shows === 'area' ? 30 : 0)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .calcs(['mean', 'max', 'lastNotNull']),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi));
  if (shows === 'area') builder.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
  if (thresholds) {
    builder.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  }
  return builder;
}
