// Adds up cubes: typed columns, one row per combination of filters and categories.
const cubes = (() => {
  const loaded = {};

  /** Unpack the columns of every cube from one block of bytes. */
  function load(described, bytes) {
    for (const [name, cube] of Object.entries(described)) {
      const columns = {};
      for (const column of cube.columns) {
        const view = column.kind === 'dimension' ? Uint16Array : Float64Array;
        const size = view.BYTES_PER_ELEMENT * cube.rows;
        columns[column.name] = { ...column, data: new view(bytes.slice(column.at, column.at + size)) };
      }
      loaded[name] = { ...cube, columns };
    }
  }

  const dimension = (cube, name) => {
    const column = cube.columns[name];
    return column && column.kind === 'dimension' ? column : null;
  };

  /** Which codes of a column pass; null when all do. */
  function allowed(column, passes) {
    const mask = new Uint8Array(column.values.length);
    column.values.forEach((value, code) => { mask[code] = passes(value) ? 1 : 0; });
    return mask.every((bit) => bit) ? null : mask;
  }

  /**
   * The masks that filters put on a cube, and what it cannot do.
   *
   * filters: {facility_id, department_id, doctor_id, from, to}; group: the columns to group by;
   * fixed: further conditions {column: value}. Gives {masks, unfiltered, refused}: `unfiltered` names
   * the filters that the cube does not hold, `refused` says why there is no answer at all.
   */
  function restrict(cube, filters, group, fixed) {
    const masks = [];
    const unfiltered = [];
    const put = (column, passes) => {
      const mask = allowed(column, passes);
      if (mask) masks.push({ data: column.data, mask });
    };
    for (const name of ['facility_id', 'department_id', 'doctor_id']) {
      const column = dimension(cube, name);
      const wanted = filters[name];
      if (!column) {
        if (wanted) unfiltered.push(name);
        continue;
      }
      if (typeof wanted === 'function') put(column, (v) => v !== 'all' && wanted(v));
      else if (wanted) put(column, (v) => v === wanted);
      else if (group.includes(name)) put(column, (v) => v !== 'all');
      else if (column.has_total) put(column, (v) => v === 'all');
    }
    const period = dimension(cube, 'period');
    const whole = !filters.from && !filters.to;
    if (!period) {
      if (!whole) unfiltered.push('period');
    } else if (group.includes('period') || !period.has_total || !whole) {
      const spans = period.values.map((value) => span(value));
      const inside = ([first, last]) =>
        (!filters.from || first >= filters.from) && (!filters.to || last <= filters.to);
      const outside = ([first, last]) =>
        (filters.from && last < filters.from) || (filters.to && first > filters.to);
      const months = spans.filter(Boolean);
      if (months.some((s) => !inside(s) && !outside(s))) {
        return { refused: 'The data behind it are held by whole years: choose January to December.' };
      }
      if (!cube.additive && !group.includes('period') && months.filter(inside).length > 1) {
        return { refused: 'Its numbers (distinct people, medians) do not add up over months: choose one month or the whole period.' };
      }
      put(period, (value) => { const s = span(value); return Boolean(s) && inside(s); });
    } else {
      put(period, (value) => value === 'all');
    }
    for (const [name, wanted] of Object.entries(fixed || {})) {
      put(dimension(cube, name), (v) => (Array.isArray(wanted) ? wanted.includes(v) : v === wanted));
    }
    for (const [name, column] of Object.entries(cube.columns)) {
      const isFilter = ['facility_id', 'department_id', 'doctor_id', 'period'].includes(name);
      if (!isFilter && column.has_total && !(fixed && name in fixed)) {
        put(column, group.includes(name) ? (v) => v !== 'all' : (v) => v === 'all');
      }
    }
    return { masks, unfiltered };
  }

  /** First and last month of a period's name: a month, a year, or nothing for the whole. */
  function span(value) {
    if (value === 'all' || value === 'unknown') return null;
    return value.length === 4 ? [`${value}-01`, `${value}-12`] : [value, value];
  }

  /**
   * Sums of measures by groups: {rows: [{key: [...], sums: {...}, rows}], unfiltered, refused}.
   *
   * A measure that is hidden in one row (a small count of the shareable edition) is NaN in its sum:
   * what cannot be known is not shown, and never taken for 0.
   */
  function sum(name, filters, group, measures, fixed) {
    const cube = loaded[name];
    const { masks, unfiltered, refused } = restrict(cube, filters, group, fixed);
    if (refused) return { rows: [], unfiltered: [], refused };
    const by = group.map((column) => dimension(cube, column));
    const size = by.reduce((product, column) => product * column.values.length, 1);
    const totals = measures.map(() => new Float64Array(size));
    const data = measures.map((measure) => cube.columns[measure].data);
    const found = new Uint32Array(size);
    for (let row = 0; row < cube.rows; row += 1) {
      let passes = true;
      for (let i = 0; i < masks.length; i += 1) {
        if (!masks[i].mask[masks[i].data[row]]) { passes = false; break; }
      }
      if (!passes) continue;
      let index = 0;
      for (let i = 0; i < by.length; i += 1) index = index * by[i].values.length + by[i].data[row];
      found[index] += 1;
      for (let i = 0; i < data.length; i += 1) totals[i][index] += data[i][row];
    }
    if (!cube.additive && found.some((times) => times > 1)) {
      return { rows: [], unfiltered: [], refused: 'Its numbers (distinct people, medians, spreads) do not add up over this selection.' };
    }
    const rows = [];
    for (let index = 0; index < size; index += 1) {
      if (!found[index] && group.length) continue;
      const key = [];
      for (let i = by.length - 1, rest = index; i >= 0; i -= 1) {
        key.unshift(by[i].values[rest % by[i].values.length]);
        rest = Math.floor(rest / by[i].values.length);
      }
      const sums = Object.fromEntries(measures.map((measure, i) => [measure, totals[i][index]]));
      rows.push({ key, sums, found: found[index] });
    }
    return { rows, unfiltered, refused: null };
  }

  /** Whether a cube has no row at all of a value of one of its columns. */
  function lacks(name, column, value) {
    const held = dimension(loaded[name], column);
    return Boolean(held) && !held.values.includes(value);
  }

  /** First and last month that a cube holds; null when it has no months. */
  function extent(name) {
    const period = dimension(loaded[name], 'period');
    const spans = period ? period.values.map(span).filter(Boolean) : [];
    return spans.length ? [spans[0][0], spans[spans.length - 1][1]] : null;
  }

  /** Whether a cube's months hold both periods whole: half a period is no comparison. */
  function reaches(name, { filters, shift }) {
    const held = extent(name);
    return !held || (filters.from >= held[0] && format.shifted(filters.to, shift) <= held[1]);
  }

  /** The values of a column that filters leave, whether or not anything happened in them. */
  function possible(name, column, filters) {
    const values = dimension(loaded[name], column).values.filter((value) => value !== 'all');
    if (column !== 'period') return values;
    const months = values.filter((value) => value.length === 7 && span(value));
    if (months.length) { // a month without any event is a month too
      for (let month = months[0]; month < months[months.length - 1]; month = format.shifted(month, 1)) {
        if (!months.includes(month)) values.push(month);
      }
    }
    return values.filter((value) => {
      const months = span(value);
      return months && (!filters.from || months[0] >= filters.from) && (!filters.to || months[1] <= filters.to);
    });
  }

  /** Every combination of values of a column that a cube holds together with a filter's value. */
  function values(name, column, filters) {
    return sum(name, filters, [column], []).rows.map((row) => row.key[0]);
  }

  return { load, sum, values, possible, extent, lacks, reaches, loaded };
})();
