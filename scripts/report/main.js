// Brings the page to life, and gives tests a handle: window.wardhouse.
const main = (() => {
  let page;

  function status(filters, rows) {
    const counted = page.tiles
      .filter((tile) => tile.section === 'overview' && tile.measure.kind === 'count' && rows[tile.id] && rows[tile.id].value !== null && tiles.follows(tile.id))
      .map((tile) => `${format.value(rows[tile.id].value, 'count')} ${tile.label.toLowerCase()}`);
    const compared = state.comparison(filters);
    const versus = compared ? ` Compared with ${compared.name}.` : state.whyNot(filters);
    return `Shown: ${state.sentence(filters)}. ${counted.join(', ') || 'No count is held of this selection'}.${state.leftOut()}${versus}`;
  }

  /** Apply filters: resolved when tiles and charts in sight show them. */
  async function apply(filters) {
    state.set(filters);
    const [rows] = await Promise.all([tiles.update(filters), charts.update(filters)]);
    document.getElementById('status').textContent = status(filters, rows);
    document.getElementById('printed-filters').textContent = status(filters, rows);
  }

  /** What the page would show with these filters, worked out but not drawn. */
  function numbers(wanted) {
    const filters = state.checked(wanted);
    const comparison = state.comparison(filters);
    return {
      filters,
      charts: Object.fromEntries(page.charts.map((chart) => [chart.id, compute.rows(chart, filters, comparison)])),
      tiles: Object.fromEntries(page.tiles.map((tile) => [tile.id, tiles.numbers(tile, filters, comparison)])),
    };
  }

  async function unpackAll() {
    await tiles.settled();
    await charts.all();
    await figures.all();
  }

  function controls() {
    for (const name of ['facility', 'department', 'doctor', 'from', 'to', 'compare']) {
      document.getElementById(`filter-${name}`).addEventListener('change', () => apply(state.fromControls()));
    }
    document.getElementById('reset').addEventListener('click', () => apply(state.taken({})));
    document.getElementById('print').addEventListener('click', async () => {
      await unpackAll();
      window.print();
    });
    document.getElementById('copy-link').addEventListener('click', async () => {
      const said = document.getElementById('copied');
      try {
        await navigator.clipboard.writeText(window.location.href);
        said.textContent = 'Link copied.';
      } catch {
        said.textContent = 'Copy the address of this page: it holds the filters.';
      }
    });
    window.addEventListener('hashchange', () => {
      if (document.getElementById(window.location.hash.slice(1))) return; // a link within the page
      apply(state.fromHash());
    });
    for (const link of document.querySelectorAll('a[href^="#"]')) {
      link.addEventListener('click', (event) => {
        event.preventDefault(); // the address holds the filters
        const place = document.getElementById(link.getAttribute('href').slice(1));
        place.scrollIntoView();
        (place.querySelector(':scope > h2') || place).focus({ preventScroll: true });
      });
    }
  }

  /** The chart library, which the policy knows by its hash. */
  async function runLibrary() {
    const code = new TextDecoder().decode(await figures.unpack('library'));
    document.head.append(element('script', { textContent: code }));
  }

  async function start() {
    page = JSON.parse(document.getElementById('page-data').textContent);
    const library = runLibrary();
    cubes.load(page.cubes, await figures.unpack('cube-data'));
    compute.start(page);
    headlines.start(page);
    tables.start(page);
    state.start(page);
    tiles.start(page);
    charts.start(page);
    figures.start();
    controls();
    await library;
    await apply(state.get());
    document.documentElement.dataset.ready = 'yes';
    performance.mark('usable');
    // paper is narrower: every chart is drawn anew at its width
    for (const [event, isPaper] of [['beforeprint', true], ['afterprint', false]]) {
      window.addEventListener(event, () => {
        if (isPaper) { charts.now(); unpackAll(); }
        for (const drawn of document.querySelectorAll('details.drawn')) drawn.open = isPaper;
        document.documentElement.classList.toggle('paper', isPaper);
        window.dispatchEvent(new Event('resize'));
      });
    }
    // in good time before anybody prints by the browser's own menu
    setTimeout(unpackAll, 1500);
  }

  window.wardhouse = {
    ready: null,
    setFilters: (wanted) => apply(state.taken(wanted)),
    state: () => state.get(),
    chartIds: () => charts.ids(),
    rows: (id) => charts.rows(id),
    tiles: () => tiles.rows(),
    numbers,
    headline: (chart, rows) => headlines[chart.headline](rows, chart),
    cubes: () => Object.fromEntries(Object.entries(cubes.loaded).map(([name, cube]) => [name, { rows: cube.rows, columns: Object.keys(cube.columns) }])),
    settled: async () => { await tiles.settled(); await charts.settled(); },
    unpackAll,
  };
  window.wardhouse.ready = start();
})();
