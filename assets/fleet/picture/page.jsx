// A dashboard drawn with Grafana's own components, those that are published without its server.
import '@fontsource-variable/inter';
import { createRoot } from 'react-dom/client';
import {
  applyFieldOverrides,
  cacheFieldDisplayNames,
  createTheme,
  dateTime,
  FieldConfigOptionsRegistry,
  getFieldDisplayValues,
  standardTransformers,
  standardTransformersRegistry,
  ThemeContext,
  transformDataFrame,
} from '@grafana/data';
import { BigValue, GlobalStyles, PanelChrome, TimeSeries } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { firstValueFrom } from 'rxjs';
import { frames } from './frames.js';

/** Of Grafana's grid: columns, and pixels of a row and between two panels. */
const GRID = { columns: 24, row: 30, gap: 8 };

const theme = createTheme({
  colors: { mode: 'dark' },
  typography: { fontFamily: "'Inter Variable', sans-serif" },
});

/** What Grafana's panels take where the dashboard says nothing. */
const LINES = {
  drawStyle: 'line',
  lineInterpolation: 'linear',
  lineWidth: 1,
  fillOpacity: 0,
  showPoints: 'auto',
  axisPlacement: 'auto',
  stacking: { mode: 'none', group: 'A' },
};
const LEGEND = { displayMode: 'list', placement: 'bottom', calcs: [], showLegend: true };

/** By a panel's type: what draws it, and where its colours come from. */
const TYPES = {
  timeseries: { Draw: Lines, color: 'palette-classic', padding: 'md' },
  stat: { Draw: Stat, color: 'thresholds', padding: 'md' },
  table: { Draw: Rows, color: 'thresholds', padding: 'none' },
};

/** What a dashboard may say of a field; Grafana knows it from the editors of its server. */
const PROPERTIES = new FieldConfigOptionsRegistry(() => {
  const property = (id, path, isCustom) => {
    return { id, path, name: id, isCustom, process: (value) => value, shouldApply: () => true };
  };
  const known = ['unit', 'decimals', 'min', 'max', 'color', 'thresholds', 'links'];
  const custom = Object.keys(LINES).map((name) => property(`custom.${name}`, name, true));
  return [...known.map((name) => property(name, name, false)), ...custom];
});

standardTransformersRegistry.setInit(() => {
  const { organizeFieldsTransformer, sortByTransformer } = standardTransformers;
  const known = [organizeFieldsTransformer, sortByTransformer];
  return known.map((one) => ({ id: one.id, name: one.name, transformation: async () => one }));
});

function Lines({ panel, data, timeRange, width, height }) {
  const legend = { ...LEGEND, ...panel.options.legend };
  legend.showLegend = legend.displayMode !== 'hidden';
  return <TimeSeries frames={data} timeZone="utc" options={{}} {...{ legend, timeRange, width, height }} />;
}

function Stat({ panel, data, width, height }) {
  const { reduceOptions, colorMode, graphMode } = panel.options;
  const fieldConfig = { defaults: {}, overrides: [] };
  const [value] = getFieldDisplayValues({ data, fieldConfig, reduceOptions, replaceVariables, theme });
  return <BigValue value={{ ...value.display, title: undefined }} {...{ colorMode, graphMode, theme, width, height }} />;
}

function Rows({ data, width, height }) {
  return <TableNG data={data[0]} {...{ width, height }} />;
}

function Panel({ panel, data, timeRange }) {
  const { Draw, padding } = TYPES[panel.type];
  const { x, y, w, h } = panel.gridPos;
  const column = (window.innerWidth - GRID.gap) / GRID.columns;
  const row = GRID.row + GRID.gap;
  const { title, description } = panel;
  const [width, height] = [w * column - GRID.gap, h * row - GRID.gap];
  return (
    <div style={{ position: 'absolute', left: GRID.gap + x * column, top: GRID.gap + y * row }}>
      <PanelChrome {...{ title, description, width, height, padding }}>
        {(width, height) => <Draw {...{ panel, data, timeRange, width, height }} />}
      </PanelChrome>
    </div>
  );
}

/** Makes of what was answered what a panel draws: transformed, and with units, colours and limits. */
async function prepared(panel, answers) {
  const asked = panel.targets.flatMap((target, index) => frames(target, answers[index]));
  const data = await firstValueFrom(transformDataFrame(panel.transformations ?? [], asked));
  const { defaults, overrides } = panel.fieldConfig;
  const color = { mode: TYPES[panel.type].color };
  const fieldConfig = { defaults: { color, ...defaults, custom: { ...LINES, ...defaults.custom } }, overrides };
  const fieldConfigRegistry = PROPERTIES;
  const drawn = applyFieldOverrides({ data, fieldConfig, fieldConfigRegistry, replaceVariables, theme, timeZone: 'utc' });
  cacheFieldDisplayNames(drawn);
  return drawn;
}

function replaceVariables(text) {
  return text;
}

async function draw({ panels, answers, span }) {
  const [from, to] = [dateTime(span.from), dateTime(span.to)];
  const timeRange = { from, to, raw: { from, to } };
  const data = await Promise.all(panels.map((panel, index) => prepared(panel, answers[index])));
  createRoot(document.body).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      {panels.map((panel, index) => <Panel key={panel.id} panel={panel} data={data[index]} timeRange={timeRange} />)}
    </ThemeContext.Provider>,
  );
}

draw(window.told);
