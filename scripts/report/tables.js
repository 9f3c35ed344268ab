// The table of a chart and its CSV: the same rows and columns, every group, drawn or not.
const tables = (() => {
  let hidden; // the word for what this edition does not hold
  const isRange = (chart) => chart.form === 'ranges';

  /** Headings and cells: {head: [...], body: [[...]], raw: [[...]]}; raw holds numbers unrounded. */
  function content(chart, rows) {
    const { labels } = chart;
    const hasSecond = rows.some((row) => row.across !== undefined || (row.part !== undefined && row.part !== chart.title));
    const hasInterval = rows.some((row) => row.low !== null);
    const hasCompare = rows.some((row) => row.compare !== undefined);
    // of a number that its mart has ready, how many it is of may not be held
    const isCounted = chart.measure.kind !== 'count' && (chart.measure.kind !== 'given' || chart.measure.per.length > 0);
    const fraction = ['rate', 'share'].includes(chart.measure.kind);
    const columns = [
      [labels.group, (row) => row.label],
      ...(hasSecond ? [[labels.second, (row) => row.across ?? row.part]] : []),
      [labels.value, (row) => row.short, (row) => row.value],
      ...(rows.some((row) => row.share !== undefined) ? [
        [labels.share, (row) => format.value(row.share ?? null, 'percent'), (row) => row.share],
      ] : []),
      ...(hasInterval ? [
        [isRange(chart) ? 'Least by chance' : 'Low (95%)', (row) => format.value(row.low, chart.unit), (row) => row.low],
        [isRange(chart) ? 'Most by chance' : 'High (95%)', (row) => format.value(row.high, chart.unit), (row) => row.high],
      ] : []),
      ...(fraction ? [[labels.numerator || 'Cases', (row) => count(row.num, row), (row) => row.num]] : []),
      ...(isCounted ? [[labels.n || 'n', (row) => count(row.n, row), (row) => row.n]] : []),
      ...(isRange(chart) ? [['Against chance', (row) => row.against]] : []),
      ...chart.extra.map((name) => [
        labels[name].split('|')[0],
        (row) => (Number.isNaN(row[name]) ? hidden : format.value(row[name] ?? null, labels[name].split('|')[1] || 'count')),
        (row) => (Number.isNaN(row[name]) ? hidden : row[name]),
      ]),
      ...(hasCompare ? [['Comparison', (row) => format.value(row.compare ?? null, chart.unit), (row) => row.compare]] : []),
    ];
    return {
      head: columns.map(([name]) => name),
      isNumber: columns.map((column) => column.length > 2),
      body: rows.map((row) => columns.map(([, shown]) => shown(row))),
      raw: rows.map((row) => columns.map(([, shown, raw]) => (raw ? raw(row) ?? (row.hidden || row.few ? row.short : '') : shown(row)))),
    };
  }

  const count = (number, row) => (number === null ? (row.hidden ? hidden : '–') : format.whole(number));

  /** A table element; its first column names the row. */
  function table(caption, chart, rows) {
    const { head, body, isNumber } = content(chart, rows);
    return element('table', {},
      element('caption', {}, caption),
      element('thead', {}, element('tr', {}, ...head.map((name, i) => element('th', { scope: 'col', className: isNumber[i] ? 'number' : '' }, name)))),
      element('tbody', {}, ...body.map((cells) => element('tr', {}, ...cells.map((cell, i) => (
        i ? element('td', { className: isNumber[i] ? 'number' : '' }, cell) : element('th', { scope: 'row' }, cell)))))));
  }

  /** A cell of a CSV file; a text that a spreadsheet would run as a formula gets an apostrophe. */
  function cell(value) {
    if (typeof value === 'number') return String(value);
    const text = /^\s*[=+\-@\t\r\n]/.test(value) && !/^[-−–]$/.test(value) ? `'${value}` : value;
    return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }

  /** The CSV of a chart, with a byte-order mark, as spreadsheets read it. */
  function csv(chart, rows) {
    const { head, raw } = content(chart, rows);
    return `\ufeff${[head, ...raw].map((cells) => cells.map((value) => cell(value ?? '')).join(',')).join('\r\n')}\r\n`;
  }

  /** Hand a file to the reader; nothing leaves the page. */
  function download(name, text) {
    const address = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
    element('a', { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  return { table, csv, download, start: (page) => { hidden = page.unknown_word; } };
})();
