// Series of Prometheus as Grafana's data frames: what Grafana's data source makes of them.
import { FieldType, toDataFrame } from '@grafana/data';

/** Makes the frames of what was answered to a query. */
export function frames(target, series) {
  return target.format === 'table' ? [rows(series)] : series.map((one) => line(target, one));
}

/** Makes a frame of one series, called by its labels. */
function line({ refId, legendFormat }, { labels, values }) {
  const displayNameFromDS = legendFormat.replace(/{{(\w+)}}/g, (_, label) => labels[label] ?? '');
  const value = { name: 'Value', type: FieldType.number, labels, config: { displayNameFromDS } };
  return toDataFrame({ refId, fields: [times(values), { ...value, values: values.map(number) }] });
}

/** Makes one frame with a row for each series, and a column for each label. */
function rows(series) {
  const latest = series.map(({ values }) => values.at(-1));
  const names = [...new Set(series.flatMap(({ labels }) => Object.keys(labels)))].sort();
  const columns = names.map((name) => {
    return { name, type: FieldType.string, values: series.map(({ labels }) => labels[name] ?? '') };
  });
  const value = { name: 'Value', type: FieldType.number, values: latest.map(number) };
  return toDataFrame({ fields: [times(latest), ...columns, value] });
}

function times(values) {
  return { name: 'Time', type: FieldType.time, values: values.map(([seconds]) => seconds * 1000) };
}

function number([, text]) {
  return Number(text);
}
