// The numbers of the overview: value, interval, n, comparison, and what its control chart says.
const tiles = (() => {
  const VARIATION = {
    common_cause: ['common', 'Within its usual range: common cause'],
    improvement: ['improvement', 'Special cause: improving'],
    concern: ['concern', 'Special cause: concerning'],
    neutral_high: ['neutral', 'Special cause: higher than it used to be'],
    neutral_low: ['neutral', 'Special cause: lower than it used to be'],
  };
  // limits that are no finding: no icon
  const NO_FINDING = {
    trial: 'Too few months yet to tell a change from chance',
    rare: 'Too rare by month to tell a change from chance',
  };
  const ASSURANCE = {
    consistent_pass: ['pass', 'The target is met as a rule'],
    consistent_fail: ['fail', 'The target is missed as a rule'],
    inconsistent: ['hit-or-miss', 'The target is met in some months by chance'],
  };
  const views = new Map();
  const lines = new Map();
  const following = new Map(); // whether the tile holds every filter that is set
  let page;

  const icon = (name) => {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
    use.setAttribute('href', `#icon-${name}`);
    svg.setAttribute('class', 'icon');
    svg.setAttribute('aria-hidden', 'true');
    svg.append(use);
    return svg;
  };

  /**
   * The control chart of a tile for filters: its points, or why there is none.
   *
   * It ends with the selection, and the icon is that of its last point: one of next year says
   * nothing of a selection of this year.
   */
  function series(tile, filters) {
    const wantedKpis = tile.control ?? tile.kpis;
    if (!wantedKpis.length) return { why: tile.kpis.length ? 'No control chart is kept of this number.' : '' };
    if (!page.cubes.control) return { why: page.without_control };
    if (filters.doctor_id) return { why: 'No control chart for a single doctor.' };
    if (filters.facility_id && filters.department_id) return { why: 'No control chart for one department of one facility.' };
    const { columns, rows } = cubes.loaded.control;
    const wanted = { facility_id: filters.facility_id || 'all', department_id: filters.department_id || 'all' };
    for (const kpi of wantedKpis) {
      const codes = Object.entries({ ...wanted, kpi }).map(([name, value]) => [columns[name].data, columns[name].values.indexOf(value)]);
      const points = [];
      for (let row = 0; row < rows; row += 1) {
        if (codes.every(([data, code]) => data[row] === code)) points.push(point(columns, row));
      }
      const inside = points.filter(({ month }) => !filters.to || month <= filters.to);
      if (inside.length > 1 && filters.from && inside[inside.length - 1].month < filters.from) {
        return { why: `The control chart held here ends in ${format.period(inside[inside.length - 1].month)}.` };
      }
      if (inside.length > 1) return { points: inside, isLatest: inside.length === points.length };
      if (points.length > 1) return { why: `The control chart held here begins in ${format.period(points[0].month)}.` };
    }
    const kpis = new Set(wantedKpis.map((kpi) => columns.kpi.values.indexOf(kpi)));
    const all = columns.department_id.values.indexOf('all');
    const isKept = columns.department_id.data.some((code, row) => code !== all && kpis.has(columns.kpi.data[row]));
    if (filters.department_id && !isKept) return { why: 'No control chart is kept of this number by department.' };
    return { why: 'No control chart: too few months with enough data.' };
  }

  function point(columns, row) {
    const at = (name) => { const number = columns[name].data[row]; return Number.isNaN(number) ? null : number; };
    const text = (name) => columns[name].values[columns[name].data[row]];
    const [side] = VARIATION[text('point_type')] || ['common'];
    return {
      date: Date.parse(`${text('month')}-01T00:00:00Z`), month: text('month'), value: at('value'), mean: at('mean'),
      low: at('lower_limit'), high: at('upper_limit'), phase: text('phase'), side, type: text('point_type'),
      finding: text('variation'), assurance: text('assurance'),
    };
  }

  /** The difference of two rates or means with its interval; null where there is none. */
  function difference(tile, a, b) {
    if (tile.measure.kind === 'rate') return statistics.rateDifference(a, b);
    if (tile.measure.kind !== 'mean') return null;
    const moments = (row) => ({ sum: row.num, squares: row.squares, n: row.den });
    return statistics.meanDifference(moments(a), moments(b));
  }

  /** More, less, or no difference that the numbers support; never better or worse. */
  function compared(tile, now, unfiltered, comparison) {
    const without = (words) => ({ words, change: null });
    if (!compute.canCompare({ unfiltered }, comparison)) return without('');
    const then = compute.tile(tile, comparison.filters);
    if (comparison.shift && !cubes.reaches(tile.cube, comparison)) {
      return without(`No comparison with ${comparison.name}: its data are of ${cubes.extent(tile.cube).map(format.period).join(' to ')}.`);
    }
    if (!now || !then.row || then.refused || now.value === null || then.row.value === null) {
      return without(`No comparison with ${comparison.name}.`);
    }
    const was = `${format.value(then.row.value, tile.unit)} in ${comparison.name}`;
    const change = difference(tile, now, then.row);
    if (!change) return without(was);
    // months in both periods: they are not independent, and no test here is made for that
    if (comparison.overlaps) return without(`${was}: not tested, as the periods overlap`);
    if (change.low <= 0 && change.high >= 0) return { words: `${was}: no difference beyond chance`, change };
    const size = format.difference(change.value, tile.unit);
    return { words: `${was}: ${size} ${change.value > 0 ? tile.higher : tile.lower}`, change };
  }

  /** What a tile says for filters: its number, why there is none, and the comparison. */
  function numbers(tile, filters, comparison) {
    const found = compute.tile(tile, filters);
    return { ...found, compared: compared(tile, found.row, found.unfiltered, comparison) };
  }

  /** Months of the selection that no line judges yet, and why. */
  function openMonths(tile, found, filters) {
    const { month } = found.points[found.points.length - 1];
    const held = cubes.extent(tile.cube);
    const end = filters.to || (held ? held[1] : page.period.last);
    if (!tile.open_months || !found.isLatest || !(month < end)) return [];
    return [element('span', { className: 'why' }, `Later months are not judged yet: ${tile.open_months}`)];
  }

  function write(tile, box, filters, comparison) {
    const { row, unfiltered, refused, compared: versus } = numbers(tile, filters, comparison);
    const part = (name) => box.querySelector(`.${name}`);
    const hasValue = row && row.value !== null;
    part('value').textContent = hasValue ? format.value(row.value, tile.unit) : '–';
    part('interval').textContent = !hasValue ? whyNot(tile, row, refused, filters)
      : [row.low !== null ? `${format.value(row.low, tile.unit)} to ${format.value(row.high, tile.unit)}` : '',
        tile.measure.kind === 'count' || row.n === null ? '' : `n = ${format.whole(row.n)}`].filter(Boolean).join(', ');
    part('compared').textContent = row ? versus.words : '';
    const period = state.period(filters, cubes.extent(tile.cube));
    part('remarks').textContent = [
      ...(period === state.period(filters) || unfiltered.includes('period') ? [] : [`${period}.`]),
      ...charts.remarks(tile, unfiltered)].join(' ');
    const found = series(tile, filters);
    lines.set(tile.id, found);
    const says = part('says');
    const last = found.points && found.points[found.points.length - 1];
    if (!last) {
      says.replaceChildren(element('span', { className: 'why' }, row ? found.why : ''));
    } else {
      const [kind, words] = VARIATION[last.type] || VARIATION.common_cause;
      const target = found.isLatest && !NO_FINDING[last.finding] ? ASSURANCE[last.assurance] : null;
      const month = format.period(last.month);
      says.replaceChildren(
        ...(NO_FINDING[last.finding]
          ? [element('span', { className: 'why' }, `${NO_FINDING[last.finding]} (to ${month})`)]
          : [icon(kind), element('span', { className: kind }, `${words} (${month})`)]),
        ...(target ? [icon(target[0]), element('span', {}, target[1])] : []),
        ...(tile.line ? [element('span', { className: 'why' }, `Line: ${tile.line}`)] : []),
        ...(openMonths(tile, found, filters)));
    }
    following.set(tile.id, !unfiltered.length);
    part('line').hidden = !last;
    part('line').setAttribute('aria-label', last ? `${tile.line || tile.label} by month: ${found.points.length} points of its control chart, the last at ${format.value(last.value, tile.line_unit || tile.unit)}` : tile.label);
    return row;
  }

  function whyNot(tile, row, refused, filters) {
    if (refused) return refused;
    if (!row) {
      const place = state.without(filters, tile.cube);
      return place ? `${place} has none in these data` : 'No data in this selection';
    }
    return row.hidden ? 'Hidden in this edition' : `Fewer than ${tile.measure.minimum_n} cases (n = ${format.whole(row.n)})`;
  }

  async function draw(tile, box) {
    const { points } = lines.get(tile.id);
    if (!points) return;
    if (views.has(tile.id)) await charts.redraw(views.get(tile.id), points);
    else views.set(tile.id, await charts.embed(box.querySelector('.line'), page.forms[page.spark], points));
  }

  /** Bring all tiles up to date; gives their rows. */
  async function update(filters) {
    const comparison = state.comparison(filters);
    const boxes = page.tiles.map((tile) => [tile, document.getElementById(`tile-${tile.id}`)]);
    const rows = Object.fromEntries(boxes.map(([tile, box]) => [tile.id, write(tile, box, filters, comparison)]));
    update.rows = rows;
    const top = (box) => box.getBoundingClientRect().top < window.innerHeight && box.getBoundingClientRect().bottom > 0;
    await Promise.all(boxes.filter(([, box]) => top(box)).map(([tile, box]) => draw(tile, box)));
    rest = (async () => {
      for (const [tile, box] of boxes.filter(([, each]) => !top(each))) {
        await new Promise((resolve) => { setTimeout(resolve, 0); });
        await draw(tile, box);
      }
    })();
    return rows;
  }

  let rest = Promise.resolve();
  const settled = () => rest;
  return { start: (data) => { page = data; }, update, settled, numbers, rows: () => update.rows, follows: (id) => following.get(id) };
})();
