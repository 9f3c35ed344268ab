// Headlines state a finding only where intervals and counts support it; null: the neutral title.
const headlines = (() => {
  let minimum; // cases behind a finding
  const usable = (rows) => rows.filter((row) => row.value !== null && row.low !== null && row.key !== 'unknown');
  /** A sentence with its places filled once; what stands in a name is never taken for a place. */
  const said = (text, places) => text.replace(/\{(\w+)\}/g, (place, name) => String(places[name] ?? place));

  const fill = (text, row, unit, more) => said(text, {
    label: row.label, across: row.across || '', value: format.value(row.value, unit), ...more,
  });

  const apart = (one, others, above) => others.length > 0
    && others.every((other) => (above ? one.low > other.high : one.high < other.low));

  /** The one group whose interval lies above (or below) every other's. */
  function clearly(rows, above) {
    const all = usable(rows);
    return all.find((one) => apart(one, all.filter((row) => row !== one), above)) || null;
  }

  /** The clearly highest group, else the clearly lowest, else that none stands apart. */
  function highest(rows, chart) {
    // a group that is hidden may be the highest
    if (rows.some((row) => row.hidden && row.key !== 'unknown')) return null;
    const top = clearly(rows, true);
    if (top && chart.words.highest) return fill(chart.words.highest, top, chart.unit);
    const bottom = clearly(rows, false);
    if (bottom && chart.words.lowest) return fill(chart.words.lowest, bottom, chart.unit);
    return usable(rows).length > 1 ? chart.words.none || null : null;
  }

  /** Rows of a heat map added up over its columns, or columns over its rows, with intervals. */
  function margin(rows, chart, name) {
    const groups = new Map();
    for (const row of rows) {
      const key = name === 'label' ? row.key : row.second;
      if (!groups.has(key)) groups.set(key, { key, label: row[name], num: 0, den: 0, squares: 0 });
      const group = groups.get(key);
      for (const sum of ['num', 'den', 'squares']) group[sum] += row[sum] ?? 0;
    }
    const all = [...groups.values()];
    const whole = all.reduce((sum, group) => sum + group.num, 0);
    for (const group of all) {
      const { kind } = chart.measure;
      const n = kind === 'count' ? whole : group.den;
      [group.low, group.high] = kind === 'mean' ? statistics.meanInterval(group.num, group.squares, n) : statistics.wilson(group.num, n);
      const enough = n >= minimum && group.low !== null;
      group.value = !enough ? null : kind === 'count' ? group.num : group.num / n;
    }
    return all;
  }

  /** The cell that stands apart from all others, else the whole row or column that does. */
  function heat(rows, chart) {
    const cell = highest(rows, { ...chart, words: { ...chart.words, none: null } });
    // of numbers that come ready there are no sums, and a hidden cell leaves them unknown
    if (cell || !['rate', 'mean', 'count'].includes(chart.measure.kind) || rows.some((row) => row.hidden)) return cell;
    for (const [name, place] of [['label', 'row'], ['across', 'column']]) {
      const all = margin(rows, chart, name);
      for (const [side, above] of [['highest', true], ['lowest', false]]) {
        const words = chart.words[`${place}_${side}`];
        const one = words && clearly(all, above);
        if (one) return fill(words, one, chart.unit);
      }
    }
    return usable(rows).length > 1 ? chart.words.none || null : null;
  }

  /** The largest part of a whole, when its interval lies above every other's, known or not. */
  function largest(rows, chart) {
    if (!chart.words.largest || rows.some((row) => row.hidden)) return null;
    const top = clearly(rows, true);
    const unknown = rows.filter((row) => row.key === 'unknown' && row.low !== null);
    if (!top || unknown.some((row) => row.high >= top.low)) return null;
    return fill(chart.words.largest, top, chart.unit);
  }

  /** The largest sum: a fact of the data shown, said when it rests on enough cases. */
  function largestTotal(rows, chart) {
    const all = rows.filter((row) => row.value > 0).sort((a, b) => b.value - a.value);
    const hidden = rows.some((row) => row.hidden);
    if (hidden || all.length < 2 || all[0].n < minimum || all[0].value <= all[1].value) return null;
    if (all[0].key === 'unknown') return null;
    const whole = all.reduce((sum, row) => sum + row.value, 0);
    const share = format.value(all[0].value / whole, 'percent');
    return fill(chart.words.largest, all[0], chart.unit, { share });
  }

  const added = (rows, name) => rows.reduce((sum, row) => sum + row[name], 0);

  /** Twelve months against the twelve before them. */
  function trend(rows, chart) {
    const part = chart.words.part || (rows.length ? rows[0].part : '');
    const months = rows.filter((row) => row.part === part && /^\d{4}-\d{2}$/.test(row.key));
    const last = months.slice(-12);
    const before = months.slice(-24, -12);
    const isWhole = months.length >= 24
      && format.monthsBetween(before[0].key, last[11].key) === 24
      && months.slice(-24).every((row) => !row.hidden);
    if (!isWhole) return null;
    let change;
    let ends;
    if (['rate', 'share'].includes(chart.measure.kind)) {
      const [a, b] = [last, before].map((part) => ({ num: added(part, 'num'), den: added(part, 'den') }));
      if (a.den < minimum || b.den < minimum) return null;
      change = statistics.rateDifference(a, b);
      ends = [b.num / b.den, a.num / a.den];
    } else if (chart.measure.kind === 'mean') {
      const [a, b] = [last, before].map((part) => ({ sum: added(part, 'num'), squares: added(part, 'squares'), n: added(part, 'den') }));
      if (a.n < minimum || b.n < minimum) return null;
      change = statistics.meanDifference(a, b);
      ends = [b.sum / b.n, a.sum / a.n];
    } else return null;
    if (!change) return null;
    const words = change.low > 0 ? chart.words.rose : change.high < 0 ? chart.words.fell : chart.words.same;
    const [was, is] = ends.map((end) => format.value(end, chart.unit));
    return words ? said(words, { before: was, after: is }) : null;
  }

  const NAMED = 3; // so many are named, more are counted

  /** A sentence about those outside: who they are when they are few, how many when not. */
  function outsiders(chart, outside, all, names) {
    const words = !outside.length ? chart.words.within
      : outside.length <= NAMED && chart.words.named ? chart.words.named : chart.words.outside;
    return said(words, { outside: outside.length, all, names: listed(names(outside)) });
  }

  const listed = (names) => (names.length < 2 ? names.join('') : `${names.slice(0, -1).join('; ')} and ${names[names.length - 1]}`);

  /** Who of those compared lies outside the range that chance allows. */
  function caseload(rows, chart) {
    const known = rows.filter((row) => row.side && row.side !== 'none');
    if (known.length < 3) return null;
    const outside = known.filter((row) => row.side !== 'within');
    return outsiders(chart, outside, known.length, (few) => few.map((row) => `${row.label} (${format.value(row.value, chart.unit)}, ${row.side})`));
  }

  /** What part of events falls into the day, when that is clearly more than the half it lasts. */
  function daytime(rows, chart) {
    const hours = rows.filter((row) => /^\d\d$/.test(row.key));
    if (hours.some((row) => row.num === null)) return null;
    const all = added(hours, 'num');
    const day = added(hours.filter((row) => row.key >= '08' && row.key < '20'), 'num');
    const [low] = statistics.wilson(day, all);
    return all >= minimum && low > 0.5 ? said(chart.words.day, { value: format.value(day / all, 'percent') }) : null;
  }

  /** Which groups differ from a reference beyond chance. */
  function against(rows, chart) {
    const known = usable(rows);
    if (known.length < 3) return null;
    const outside = known.filter((row) => row.low > chart.reference || row.high < chart.reference)
      .sort((a, b) => b.value - a.value);
    return outsiders(chart, outside, known.length, (few) => few.map((row, i) => `${row.label}${i ? '' : ' has'} ${format.value(row.value, chart.unit)}`));
  }

  const start = (page) => { minimum = page.minimum_n; };
  return { start, daytime, against, heat, highest, largest, largestTotal, trend, caseload, neutral: () => null };
})();
