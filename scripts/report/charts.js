// Draws the interactive charts: those in sight at once, the others when the page is idle.
const charts = (() => {
  const drawn = new Map(); // id -> {definition, figure, view, shown, stale, near, spec}
  const FILTER_NAMES = { facility_id: 'facility', department_id: 'department', doctor_id: 'doctor', period: 'period' };
  let page;
  let observer;
  let idle = Promise.resolve();
  let waiting = new Map(); // charts that still show the filters before

  /** A view of a compiled specification; no string is ever run as code (ast: true). */
  async function embed(target, spec, rows) {
    const name = target.getAttribute('aria-label'); // Vega writes its own
    const { view } = await vegaEmbed(target, withData(spec, rows), {
      mode: 'vega', ast: true, actions: false, renderer: 'svg', defaultStyle: false, logLevel: 1,
      tooltip: { theme: 'wardhouse', disableDefaultStyle: true },
    });
    // the plot is one image with a name and a table: its parts are not read out
    target.querySelector('svg').setAttribute('aria-hidden', 'true');
    target.setAttribute('role', 'img');
    target.setAttribute('aria-label', name);
    target.removeAttribute('aria-roledescription');
    return view;
  }

  const GROUPING = ['key', 'label', 'part', 'second', 'across'];

  /** Vega keeps groups in plain objects: a name that each of them has gets a sign that nobody sees. */
  function grouped(rows) {
    const clashes = (row, name) => typeof row[name] === 'string' && row[name] in Object.prototype;
    if (!rows.some((row) => GROUPING.some((name) => clashes(row, name)))) return rows;
    return rows.map((row) => Object.assign({}, row, ...GROUPING
      .filter((name) => clashes(row, name)).map((name) => ({ [name]: `${row[name]}\u2060` }))));
  }

  /** Data sets named `table` begin with these rows. */
  function withData(spec, rows) {
    return { ...spec, data: spec.data.map((set) => (set.name === 'table' ? { ...set, values: grouped(rows) } : set)) };
  }

  const changed = (view, rows) => view.change('table', view.changeset().remove(() => true).insert(grouped(rows)));

  async function redraw(view, rows) {
    await changed(view, rows).runAsync();
  }

  const refusal = (chart, filters, found) => {
    if (found.refused) return `Not shown for this selection. ${found.refused}`;
    if (found.isNothing) {
      const place = state.without(filters, chart.cube);
      const what = chart.labels.cases || 'data';
      return place ? `${place} has no ${what} in these data.` : `No ${what} in this selection.`;
    }
    if (found.rows.every((row) => row.value === null)) {
      return found.rows.some((row) => row.hidden)
        ? (page.unknown_word === 'hidden' ? 'Not shown: the counts behind it are hidden in this edition.' : 'Not shown: too few cases to report any of it.')
        : `Not shown: every group has fewer than ${chart.measure.minimum_n} cases; the counts are in the table.`;
    }
    return '';
  };

  /** What a chart cannot be filtered by, and why. */
  function remarks(chart, unfiltered) {
    return unfiltered.map((name) => (
      `Not filtered by ${FILTER_NAMES[name]}: ${page.cubes[chart.cube].without[name] || 'the data behind it do not hold it'}.`));
  }

  /** Rows and columns of a heat map that have no value at all stay in the table only. */
  function withoutEmpty(entry) {
    const valued = entry.rows.filter((row) => row.value !== null);
    const [keys, across] = [new Set(valued.map((row) => row.key)), new Set(valued.map((row) => row.across))];
    const before = entry.rows.length;
    const isTimed = ['period', 'hour'].includes(entry.definition.by[1]); // time has no gaps
    if (valued.length) entry.rows = entry.rows.filter((row) => keys.has(row.key) && (isTimed || across.has(row.across)));
    return before - entry.rows.length;
  }

  function heatNotes(chart, rows, empty) {
    const values = rows.map((row) => row.value).filter((value) => value !== null);
    if (!values.length) return [];
    const write = (value) => format.value(value, chart.unit);
    const few = `fewer than ${chart.measure.minimum_n} ${chart.labels.cases || 'cases'}`;
    const why = chart.measure.minimum_n ? few : page.unknown_word;
    return [
      ...(new Set(values).size > 1 ? [`From ${write(Math.min(...values))} (light) to ${write(Math.max(...values))} (dark).`] : []),
      ...(rows.some((row) => row.value === null) ? [`–: ${rows.some((row) => row.hidden) ? `${page.unknown_word}, or ${why}` : why}.`] : []),
      ...(empty ? ['Rows and columns without any value are in the table only.'] : []),
    ];
  }

  /** Work out a chart's rows and write its words; what is drawn follows in `draw`. */
  function refresh(entry, filters, comparison) {
    const { definition: chart, figure } = entry;
    const found = compute.rows(chart, filters, comparison);
    const refused = refusal(chart, filters, found);
    const most = chart.form === 'heat' || chart.by[0] === 'period' ? Infinity : chart.top;
    const keys = [...new Set(found.rows.map((row) => row.key))];
    // where not all are drawn, those outside of their range are
    const outside = (key) => ['above', 'below'].includes(sides.get(key));
    const sides = new Map(chart.form === 'ranges' ? found.rows.map((row) => [row.key, row.side]) : []);
    const kept = new Set([...keys.filter(outside), ...keys].slice(0, most));
    entry.found = found;
    entry.rows = found.rows.filter((row) => kept.has(row.key));
    const empty = chart.form === 'heat' ? withoutEmpty(entry) : 0;
    entry.refused = refused;
    entry.stale = true;
    const notes = remarks(chart, found.unfiltered);
    if (found.own) notes.push(`Shown for every ${FILTER_NAMES[found.own]}: each is compared with the whole.`);
    if (chart.form === 'heat') notes.push(...heatNotes(chart, entry.rows, empty));
    const blank = ['pairs', 'stack'].includes(chart.form) ? entry.rows.filter((row) => row.value === null).length : 0;
    if (blank) notes.push(`${blank} of ${entry.rows.length} values are not drawn: hidden, or of fewer than ${chart.measure.minimum_n} cases; the table says which.`);
    if (keys.length > kept.size) notes.push(`${kept.size} of ${keys.length} are drawn; the table has all.`);
    if (comparison && entry.rows.some((row) => row.compare !== undefined && row.compare !== null)) {
      const mark = chart.form === 'lines' ? 'Dashed line' : ['dots', 'bars', 'pairs'].includes(chart.form) ? 'Open diamond' : 'In the table only';
      notes.push(`${mark}: ${comparison.name}.`);
    }
    const held = cubes.extent(chart.cube);
    const headline = refused ? null : headlines[chart.headline](found.rows, chart);
    figure.querySelector('h3').textContent = headline || chart.title;
    const period = held && !found.unfiltered.includes('period') ? state.period(filters, held) : page.whole_period;
    // a chart that is cut out or printed alone must say what it shows
    figure.querySelector('.period').textContent = [...state.places(filters, found.unfiltered, found.own), period].join(', ');
    figure.querySelector('.n').textContent = found.n ? `n\u00a0=\u00a0${format.whole(found.n)}${found.isPartial ? ` without what is ${page.unknown_word}` : ''}` : '';
    figure.querySelector('.remarks').textContent = notes.join(' ');
    const plot = figure.querySelector('.plot');
    const said = figure.querySelector('.refused');
    said.textContent = refused;
    said.hidden = !refused;
    plot.hidden = Boolean(refused);
    plot.setAttribute('aria-label', `${headline || chart.title}. ${entry.rows.length} values, in the table below.`);
    fillTable(entry);
  }

  /** The table is made when it is opened: closed ones cost nothing. */
  function fillTable(entry) {
    const details = entry.figure.querySelector('details.table');
    const place = details.querySelector('.scroll');
    if (!details.open) {
      place.replaceChildren();
      return;
    }
    const title = entry.figure.querySelector('h3').textContent;
    place.replaceChildren(tables.table(title, entry.definition, entry.found.rows));
  }

  async function draw(entry) {
    if (!entry.stale) return;
    entry.stale = false;
    if (entry.refused) return;
    const target = entry.figure.querySelector('.plot');
    if (entry.view) await redraw(entry.view, entry.rows);
    else entry.view = await embed(target, page.forms[entry.definition.spec], entry.rows);
  }

  const inSight = (entry) => {
    const box = entry.figure.getBoundingClientRect();
    return box.bottom > 0 && box.top < window.innerHeight;
  };

  const pause = () => new Promise((resolve) => {
    if ('requestIdleCallback' in window) requestIdleCallback(resolve, { timeout: 200 });
    else setTimeout(resolve, 20);
  });

  /** Bring every chart up to date: resolved when those in sight are; the rest follow when idle. */
  async function update(filters) {
    const comparison = state.comparison(filters);
    const turn = (update.turn = (update.turn || 0) + 1);
    const all = [...drawn.values()];
    const [near, far] = [all.filter(inSight), all.filter((entry) => !inSight(entry))];
    for (const entry of near) refresh(entry, filters, comparison);
    waiting = new Map(far.map((entry) => [entry, () => refresh(entry, filters, comparison)]));
    await Promise.all(near.map(draw));
    idle = (async () => {
      for (const entry of far) {
        await pause();
        if (turn !== update.turn) return;
        if (waiting.delete(entry)) refresh(entry, filters, comparison);
        if (entry.near || entry.view) await draw(entry);
      }
    })();
  }

  /** Draw everything, for print. */
  async function all() {
    await idle;
    for (const entry of drawn.values()) await draw(entry);
  }

  function start(data) {
    page = data;
    observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const entry = drawn.get(target.dataset.chart);
        entry.near = isIntersecting;
        if (isIntersecting && entry.found) draw(entry);
      }
    }, { rootMargin: '600px' });
    for (const definition of page.charts) {
      const figure = document.getElementById(`chart-${definition.id}`);
      const entry = { definition, figure };
      figure.dataset.chart = definition.id;
      drawn.set(definition.id, entry);
      figure.querySelector('details.table').addEventListener('toggle', () => fillTable(entry));
      figure.querySelector('button.csv').addEventListener('click', () => {
        tables.download(`${state.fileName(definition.id, entry.found)}.csv`, tables.csv(definition, entry.found.rows));
      });
      observer.observe(figure);
    }
  }

  /** At once, for a print that waits for nothing: no chart of other filters than the page states. */
  function now() {
    for (const [entry, work] of waiting) {
      work();
      if (!entry.view || entry.refused) continue;
      changed(entry.view, entry.rows).run();
      entry.stale = false;
    }
    waiting.clear();
  }

  const settled = async () => { await idle; };
  const rows = (id) => drawn.get(id).found.rows;
  const ids = () => [...drawn.keys()];
  return { start, update, all, now, settled, rows, ids, embed, redraw, remarks };
})();
