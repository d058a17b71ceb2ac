// What a Prometheus answers to the queries of a panel.

/** Asks each query of a panel over a span in milliseconds; one that is `instant` is asked at its end. */
export function ask(prometheus, panel, span) {
  return Promise.all(panel.targets.map((target) => series(prometheus, target, span)));
}

async function series(prometheus, target, { from, to }) {
  // As with a dashboard that was just opened: all versions, and all devices.
  const query = target.expr.replace(/\$(version|device)\b/g, '.*');
  const [start, end] = [from / 1000, to / 1000];
  const [path, parameters] = target.instant
    ? ['query', { query, time: end }]
    : ['query_range', { query, start, end, step: Math.max(1, Math.round((end - start) / 400)) }];
  const answer = await fetch(`${prometheus}/api/v1/${path}?${new URLSearchParams(parameters)}`).catch(() => {
    throw new Error(`no Prometheus answers at ${prometheus}`);
  });
  const { status, error, data } = await answer.json();
  if (status !== 'success') throw new Error(`Prometheus does not take ${query}: ${error}`);
  return data.result.map(({ metric, value, values }) => ({ labels: metric, values: values ?? [value] }));
}
