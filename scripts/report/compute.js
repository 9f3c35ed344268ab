// From sums to the rows of a chart: value, interval, n, and the reason where there is no value.
const compute = (() => {
  const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
  let page;

  function label(column, value) {
    if (column === 'period') return format.period(value);
    if (column === 'weekday_number') return WEEKDAYS[Number(value) - 1] || value;
    if (column === 'hour') return value === 'unknown' ? 'Unknown' : `${value}:00`;
    const names = page.labels[column] || {};
    return Object.hasOwn(names, value) ? names[value] : readable(value);
  }

  /** A code as words: 01-07 days as 1–7 days, a first letter in capitals. */
  function readable(value) {
    // only codes: a postcode 0800 or a name with a sign stays as it is
    let text = /^[a-z][a-z0-9_]*$/.test(value) ? value.replaceAll('_', ' ') : value;
    if (/^\d+(-\d+|\+)?( days)?$/.test(text) && /[-+ ]/.test(text)) text = text.replace(/\b0+(\d)/g, '$1').replace('-', '–');
    return text.charAt(0).toUpperCase() + text.slice(1);
  }

  const plus = (sums, names) => names.reduce((total, name) => total + sums[name], 0);

  /** All measures that a chart needs of its cube. */
  function needed(measure, parts, extra) {
    return [...new Set([
      ...(measure.of || []), ...(measure.per || []), ...(measure.squares ? [measure.squares] : []),
      ...Object.values(measure.given || {}), ...Object.keys(parts || {}), ...(extra || []),
    ])];
  }

  /** Value, interval and counts of one group's sums; `whole` is the denominator of shares. */
  function number(measure, sums, whole) {
    const none = { value: null, low: null, high: null, num: null, den: null, squares: null };
    let row;
    if (measure.kind === 'count') {
      const value = plus(sums, measure.of);
      row = { ...none, value, num: value, n: value };
    } else if (measure.kind === 'total') {
      row = { ...none, value: plus(sums, measure.of), num: plus(sums, measure.of), n: plus(sums, measure.per) };
    } else if (measure.kind === 'mean') {
      const [sum, n, squares] = [plus(sums, measure.of), plus(sums, measure.per), sums[measure.squares]];
      const [low, high] = statistics.meanInterval(sum, squares, n);
      row = { value: n ? sum / n : null, low, high, num: sum, den: n, squares, n };
    } else if (measure.kind === 'ratio') {
      const [num, den] = [plus(sums, measure.of), sums[measure.per[0]]];
      row = { ...none, value: den ? num / den : null, num, den, n: sums[measure.per[1]] };
    } else if (measure.kind === 'given') {
      const at = (name) => (name in measure.given ? sums[measure.given[name]] : null);
      const n = measure.per.length ? plus(sums, measure.per) : null; // null: not published
      const bound = (name) => (Number.isNaN(at(name)) ? null : at(name)); // a value may come without
      row = { ...none, value: at('value'), low: bound('low'), high: bound('high'), n };
    } else {
      const num = plus(sums, measure.of);
      const den = measure.kind === 'share' ? whole : plus(sums, measure.per);
      const [low, high] = statistics.wilson(num, den);
      row = { ...none, value: den ? num / den : null, low, high, num, den, n: den };
    }
    row.hidden = [row.value, row.n].some((known) => Number.isNaN(known));
    // a mart has no value of too few cases, and says how few
    if (measure.kind === 'given' && row.n !== null && row.n < measure.minimum_n) row.hidden = false;
    row.few = !row.hidden && row.n !== null && row.n < measure.minimum_n;
    if (row.hidden || row.few) Object.assign(row, { value: null, low: null, high: null });
    if (row.hidden) Object.assign(row, { n: Number.isNaN(row.n) ? null : row.n, num: null, den: null });
    return row;
  }

  /** The filter on a chart's own groups: of one group alone a share would be 100 %. */
  function ownFilter(chart, filters) {
    const isOfAll = (chart.measure.kind === 'share' && !Object.keys(chart.parts).length) || chart.form === 'ranges';
    const own = chart.by.find((name) => typeof filters[name] === 'string' && name !== chart.within);
    return isOfAll && ['facility_id', 'department_id', 'doctor_id'].includes(own) ? own : null;
  }

  /** The filters that a chart follows: all but the one on its own groups. */
  function asked(chart, filters) {
    const own = ownFilter(chart, filters);
    return own ? { ...filters, [own]: undefined } : filters;
  }

  /** Months and hours in which nothing happened are 0: a line must not run past them. */
  function filled(chart, filters, rows, measures) {
    const column = chart.by[chart.by.length - 1];
    const isTimed = ['period', 'hour'].includes(column) && (chart.by.length === 1 || chart.form === 'heat');
    if (!isTimed || !rows.length || !cubes.loaded[chart.cube].additive) return rows;
    const id = (key) => JSON.stringify(key);
    const known = new Map(rows.map((row) => [id(row.key), row]));
    const none = Object.fromEntries(measures.map((name) => [name, 0]));
    const last = (row) => row.key[row.key.length - 1];
    const hasUnknown = rows.some((row) => last(row) === 'unknown');
    const times = cubes.possible(chart.cube, column, filters).filter((value) => value !== 'unknown' || hasUnknown);
    const groups = new Map(rows.map((row) => row.key.slice(0, -1)).map((key) => [id(key), key]));
    return [...groups.values()].flatMap((group) => times.map((time) => [...group, time]))
      .map((key) => known.get(id(key)) || { key, sums: none, found: 0 });
  }

  /** The sums of a chart's groups, parts taken apart: [{key, part, sums}], and what was refused. */
  function groups(chart, filters) {
    const measures = needed(chart.measure, chart.parts, chart.extra);
    const held = asked(chart, filters);
    const summed = cubes.sum(chart.cube, held, chart.by, measures, chart.fixed);
    const { unfiltered, refused } = summed;
    const rows = filled(chart, held, summed.rows, measures);
    const parts = Object.entries(chart.parts);
    const apart = parts.length
      ? rows.flatMap((row) => parts.map(([name, part]) => ({ ...row, part, of: name })))
      : rows;
    return { apart, unfiltered, refused };
  }

  function unordered(chart, filters) {
    const { apart, unfiltered, refused } = groups(chart, filters);
    const isShare = chart.measure.kind === 'share';
    const wholes = new Map();
    const of = (row) => (row.of ? { ...chart.measure, of: [row.of] } : chart.measure);
    // a share is of its own month, bar or row where there are parts, else of all groups
    const within = (row) => (chart.within ? row.key[chart.by.indexOf(chart.within)] : chart.parts && row.of || chart.form === 'stack' || chart.form === 'lines' ? row.key[0] : '');
    if (isShare) {
      for (const row of apart) {
        wholes.set(within(row), (wholes.get(within(row)) || 0) + plus(row.sums, of(row).of));
      }
    }
    const rows = apart.map((row) => {
      const [first, second] = row.key;
      const made = number(of(row), row.sums, wholes.get(within(row)));
      const isAlone = row.of && chart.by.length === 0;
      made.key = isAlone ? row.of : first;
      made.label = isAlone ? row.part : label(chart.by[0], first);
      if (chart.by.length > 1) {
        const name = label(chart.by[1], second);
        if (chart.form === 'heat') made.across = name;
        else made.part = name;
        made.second = second;
      } else if (row.part && !isAlone) made.part = row.part;
      if (chart.by[0] === 'period') {
        made.part = made.part || chart.title;
        made.date = Date.parse(`${first.length === 4 ? `${first}-07` : first}-01T00:00:00Z`);
      }
      for (const name of chart.extra) made[name] = row.sums[name];
      if (chart.reference !== null) made.reference = chart.reference;
      return made;
    });
    // the whole of nothing is a row of 0
    return { rows, unfiltered, refused, isNothing: apart.every((row) => !row.found) };
  }

  const unknownLast = (a, b) => (a.key === 'unknown') - (b.key === 'unknown');
  const byName = (a, b) => unknownLast(a, b) || a.label.localeCompare(b.label, 'en', { numeric: true });

  function order(chart, rows) {
    const place = new Map(chart.sequence.map((value, i) => [value, i]));
    const at = (value) => (place.has(value) ? place.get(value) : place.size);
    const second = (a, b) => (a.second === 'unknown') - (b.second === 'unknown') || at(a.second) - at(b.second)
      || String(a.second || '').localeCompare(String(b.second || ''), 'en', { numeric: true });
    if (chart.form === 'heat') {
      // columns stand in their order, whichever of them the first row has
      const across = [...new Map(rows.map((row) => [row.second, row])).values()].sort(second);
      const places = new Map(across.map((row, i) => [row.second, i]));
      for (const row of rows) row.place = places.get(row.second);
    }
    // a part keeps its colour whichever row has it first
    const parts = [...new Map(rows.map((row) => [row.second, row])).values()].sort(second).map((row) => row.second);
    for (const row of rows) row.tone = row.second === undefined ? Object.values(chart.parts).indexOf(row.part) : parts.indexOf(row.second);
    if (chart.by[0] === 'period') return rows.sort((a, b) => a.key.localeCompare(b.key) || second(a, b));
    if (chart.form === 'ranges') {
      return rows.sort((a, b) => unknownLast(a, b) || a.facility.localeCompare(b.facility, 'en') || b.value - a.value || byName(a, b));
    }
    if (chart.order === 'given') return rows.sort((a, b) => at(a.key) - at(b.key) || byName(a, b) || second(a, b));
    if (chart.order === 'name' || chart.form === 'heat') return rows.sort((a, b) => byName(a, b) || second(a, b));
    const sizes = new Map();
    for (const row of rows) sizes.set(row.key, (sizes.get(row.key) || 0) + (row.value ?? -Infinity));
    return rows.sort((a, b) => unknownLast(a, b) || sizes.get(b.key) - sizes.get(a.key) || byName(a, b) || second(a, b));
  }

  const median = (numbers) => {
    const sorted = [...numbers].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  };

  /** Over how many of the months shown each key reaches, from its first to its last one: a share. */
  function reach(chart, filters) {
    if (!cubes.loaded[chart.cube].columns.period) return null;
    const { rows } = cubes.sum(chart.cube, filters, [chart.by[0], 'period'], chart.measure.of, chart.fixed);
    const spans = new Map();
    const all = { first: '9999-12', last: '0000-01' };
    for (const { key: [key, month], sums } of rows) {
      if (month.length !== 7) return null; // only years: nobody's span is known
      if (!(plus(sums, chart.measure.of) > 0)) continue;
      if (!spans.has(key)) spans.set(key, { first: month, last: month });
      for (const span of [spans.get(key), all]) {
        if (month < span.first) span.first = month;
        if (month > span.last) span.last = month;
      }
    }
    const length = (span) => format.monthsBetween(span.first, span.last);
    return new Map([...spans].map(([key, span]) => [key, length(span) / length(all)]));
  }

  /**
   * The range that chance allows around the median of the doctors of the same facility, 99.8 %, as
   * kpi_doctor_caseload has it; who came or left within the period is not compared.
   */
  function chance(chart, rows, filters) {
    const reached = reach(chart, filters);
    const places = new Map();
    for (const row of rows) {
      const { facilities } = page.doctors[row.key] || { facilities: [] };
      row.facility = facilities.map((facility) => label('facility_id', facility)).join(', ');
      row.side = 'none';
      row.against = 'not compared';
      if (row.key === 'unknown' || row.value === null) continue;
      if (reached && (reached.get(row.key) ?? 0) < page.full_period_share) {
        row.against = 'not compared: not there for the whole period';
        continue;
      }
      if (!places.has(row.facility)) places.set(row.facility, []);
      places.get(row.facility).push(row);
    }
    for (const known of places.values()) {
      if (known.length < 2) continue; // one doctor alone has nobody to be compared with
      const [low, high] = statistics.chanceRange(median(known.map((row) => row.value)), statistics.Z_FUNNEL);
      for (const row of known) {
        const side = row.value > high ? 'above' : row.value < low ? 'below' : 'within';
        Object.assign(row, { low, high, side, against: side });
      }
    }
    const several = new Set(rows.map((row) => row.facility)).size > 1;
    for (const row of rows) if (several && row.facility && row.key !== 'unknown') row.label = `${row.label}, ${row.facility}`;
  }

  /** What part of all that is shown each group is, where a chart asks for it. */
  function shares(chart, rows) {
    if (!chart.labels.share || rows.length < 2 || rows.some((row) => row.value === null)) return;
    const whole = rows.reduce((sum, row) => sum + row.value, 0);
    if (whole > 0) for (const row of rows) row.share = row.value / whole;
  }

  function words(chart, row) {
    row.short = row.hidden ? page.unknown_word : row.few ? `n < ${chart.measure.minimum_n}` : format.value(row.value, chart.unit);
    const isPlain = ['count', 'total'].includes(chart.measure.kind);
    row.count = row.n === null ? page.unknown_word : format.whole(row.n);
    const isPart = chart.measure.n_is_part && row.n !== null; // the group's own count, no denominator
    const counted = chart.measure.kind === 'share' ? format.whole(row.num) : isPart ? row.count : `n ${row.count}`;
    if (isPart) row.count = `not held; ${row.count} of them here`;
    row.text = isPlain || row.hidden || row.few || row.n === null ? row.short : `${row.short}  (${counted})`;
    if (row.share !== undefined) row.text = `${row.short}  (${format.value(row.share, 'percent')})`;
    if (chart.form === 'heat') row.text = row.short.replace(' days', '');
    row.full = row.hidden || row.few ? row.short : format.interval(row, chart.unit);
  }

  /** Where the names of lines stand at their ends: moved apart where they would overlap. */
  function nameEnds(all, ends) {
    const values = all.map((row) => row.high ?? row.value).filter((value) => value !== null);
    const apart = (Math.max(...values) - Math.min(0, ...values)) / 17; // a line of text
    let free = -Infinity;
    for (const row of ends.filter((end) => end.value !== null).sort((a, b) => a.value - b.value)) {
      row.last = true;
      row.end = Math.max(row.value, free);
      free = row.end + apart;
    }
  }

  /**
   * The rows of a chart for filters: {rows, unfiltered, refused, n}.
   *
   * `comparison` (state.js) adds `compare` to each row that the comparison has too.
   */
  function rows(chart, filters, comparison) {
    const found = unordered(chart, filters);
    if (found.refused) return { rows: [], ...found };
    if (chart.form === 'ranges') chance(chart, found.rows, asked(chart, filters));
    shares(chart, found.rows);
    order(chart, found.rows);
    found.rows.forEach((row, i) => { row.rank = i; words(chart, row); });
    const ends = new Map(found.rows.map((row) => [row.part, row]));
    // one line needs no name at its end: the headline has it
    if (chart.by[0] === 'period' && (ends.size > 1 || chart.by.length > 1)) nameEnds(found.rows, [...ends.values()]);
    if (canCompare(found, comparison) && !chart.by.includes(comparison.excluded) && chart.form !== 'ranges') {
      compared(chart, found.rows, comparison);
    }
    // of several sums over the same cases, as dollars billed and paid, the cases count once
    const isAgain = chart.measure.kind === 'total' && Object.keys(chart.parts).length;
    const counted = isAgain ? found.rows.filter((row) => row.part === Object.values(chart.parts)[0]) : found.rows;
    const n = counted.reduce((sum, row) => sum + (chart.measure.kind === 'share' ? row.num : row.n) || 0, 0);
    // distinct people of two groups or sources may be the same
    const isDistinct = chart.measure.kind === 'given' && chart.measure.given.value === chart.measure.per[0];
    return {
      ...found, n: isDistinct || chart.within === 'source_system' ? null : n, own: ownFilter(chart, filters),
      isPartial: found.rows.some((row) => row.hidden && row.n === null),
    };
  }

  /** Whether a comparison would be with anything else: not where its filter is not held. */
  function canCompare({ unfiltered }, comparison) {
    if (!comparison) return false;
    return !unfiltered.includes(comparison.shift ? 'period' : comparison.excluded);
  }

  function compared(chart, rowsNow, { filters, shift }) {
    if (shift && !cubes.reaches(chart.cube, { filters, shift })) return;
    const { rows: others, refused } = unordered(chart, filters);
    if (refused) return;
    const id = (row, key) => JSON.stringify([key, row.second ?? row.part]);
    const isMonths = chart.by[0] === 'period' && shift;
    const values = new Map(others.map((row) => [
      id(row, isMonths && row.key.length === 7 ? format.shifted(row.key, shift) : row.key), row.value]));
    for (const row of rowsNow) row.compare = values.get(id(row, row.key)) ?? null;
  }

  /** One number for filters, as a tile shows it; null row when nothing is there. */
  function tile(definition, filters) {
    const measures = needed(definition.measure);
    const found = cubes.sum(definition.cube, filters, [], measures, definition.fixed);
    const [first] = found.rows;
    const row = first && first.found ? number(definition.measure, first.sums) : null;
    return { row, unfiltered: found.unfiltered, refused: found.refused };
  }

  return { rows, tile, canCompare, label, start: (data) => { page = data; } };
})();
